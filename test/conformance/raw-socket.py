"""Sends whole IP packets from any network namespace, which Node.js can do neither of.

Each line of standard input is the name of a namespace, a destination address, and packets in hexadecimal; each is
answered with a line: `sent`, or why not. It ends when its input does.
"""

import ctypes
import os
import socket
import sys

libc = ctypes.CDLL(None, use_errno=True)


def raw_socket(namespace, family):
    """A socket belongs to the namespace it was made in, wherever this process goes afterwards."""
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(descriptor, 0) != 0:
            raise OSError(ctypes.get_errno(), f"setns to {namespace}")
    finally:
        os.close(descriptor)
    # With this protocol a packet brings its own header, in both families. Source: raw(7), linux/net/ipv6/raw.c
    return socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)


def main():
    sockets = {}
    for line in sys.stdin:
        namespace, address, *packets = line.split()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            if (namespace, family) not in sockets:
                sockets[namespace, family] = raw_socket(namespace, family)
            for packet in packets:
                sockets[namespace, family].sendto(bytes.fromhex(packet), (address, 0))
            print("sent", flush=True)
        except OSError as error:
            print(error, flush=True)


main()
