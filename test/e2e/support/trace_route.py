"""Finds the machines on the way as tracepath does, by one UDP socket's error queue: ADDRESS PORT MOST_HOPS.

Prints a line for each hop: its number and who has said what, "2 10.0.0.1 time-exceeded"; the last line is "N ADDRESS answer".
The kernel gives a socket only the errors that quote a datagram of it. Source: ip(7), IP_RECVERR.
"""

import select
import socket
import struct
import sys

IP_RECVERR, IPV6_RECVERR = 11, 25  # linux/in.h, linux/in6.h
ERROR = struct.Struct("=IBBBBII")  # linux/errqueue.h, sock_extended_err
NAMES = {(2, 11, 0): "time-exceeded", (3, 3, 0): "time-exceeded"}
PATIENCE_MS = 1000

address, port, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
is_ipv6 = ":" in address
probe = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
if is_ipv6:
    probe.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
else:
    probe.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
probe.connect((address, port))
poll = select.poll()
poll.register(probe, select.POLLIN)


def answer():
    """What came: (who, what), or None in time."""
    if not poll.poll(PATIENCE_MS):
        return None
    try:
        _, ancillary, _, _ = probe.recvmsg(2048, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return address, probe.recv(2048).decode()
    data = ancillary[0][2]
    _, origin, kind, code, _, _, _ = ERROR.unpack_from(data)
    offender = data[ERROR.size :]
    if is_ipv6:
        who = socket.inet_ntop(socket.AF_INET6, offender[8:24])
    else:
        who = socket.inet_ntop(socket.AF_INET, offender[4:8])
    return who, NAMES.get((origin, kind, code), f"{origin}/{kind}/{code}")


for hop in range(1, most + 1):
    if is_ipv6:
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hop)
    else:
        probe.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hop)
    try:
        probe.send(b"answer")
    except OSError:
        probe.send(b"answer")  # the error of the last probe is told twice: here, and in the queue
    said = answer()
    print(hop, *(said or ("nobody", "nothing")), flush=True)
    if said and said[1] == "answer":
        break
