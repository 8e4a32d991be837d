"""Sends UDP super-packets: one call of the kernel carries up to 64 segments, as QUIC servers do.

    udp_segments.py ADDRESS PORT SEGMENT_BYTES SECONDS

Prints {"sentBytes": payload bytes, "seconds": time}.
"""

import json
import socket
import sys
import time

SOL_UDP = 17
UDP_SEGMENT = 103  # Source: linux/udp.h
MAX_DATAGRAM_BYTES = 65507
MAX_SEGMENTS = 64


def main(address, port, segment, seconds):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(SOL_UDP, UDP_SEGMENT, segment)
    sender.connect((address, port))
    data = bytes(segment * min(MAX_SEGMENTS, MAX_DATAGRAM_BYTES // segment))
    sent = 0
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        try:
            sent += sender.send(data)
        except ConnectionRefusedError:
            pass  # an ICMP error for an earlier one
    print(json.dumps({"sentBytes": sent, "seconds": time.monotonic() - start}))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
