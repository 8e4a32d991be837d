"""Sends UDP datagrams or TCP SYNs, each of another client, out of a device:
udp|syn DEVICE GATEWAY_MAC SOURCE_MAC VIP PORT FIRST COUNT RATE.

Client number N has address 10.64.0.0 + N / 50000 and port 1024 + N % 50000. RATE is packets a second.
"""

import socket
import struct
import sys
import time

kind, device, gateway, source, vip, port, first, count, rate = sys.argv[1:]
PORTS = 50000
BURST = 64
# Offset of the source port in a frame, and of the TCP checksum.
SOURCE_PORT = 34
TCP_CHECKSUM = 50
PROTOCOL = {"udp": 17, "syn": 6}[kind]


def sum_of(data):
    return sum(struct.unpack("!%dH" % (len(data) // 2), data))


def folded(total):
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def transport_of():
    if kind == "udp":
        return struct.pack("!HHHH", 0, int(port), 9, 0) + b"x"
    return struct.pack("!HHIIHHHH", 0, int(port), 12345, 0, 0x5002, 0xFFFF, 0, 0)


def frame_of(number):
    """The frame, and the sum over what a TCP checksum covers but for the source port."""
    client = struct.pack("!I", (10 << 24 | 64 << 16) + number // PORTS)
    transport = transport_of()
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(transport), 0, 0x4000, 64, PROTOCOL, 0)
    addresses = client + socket.inet_aton(vip)
    head = head[:10] + struct.pack("!H", folded(sum_of(head + addresses))) + addresses
    ethernet = bytes.fromhex((gateway + source).replace(":", "")) + b"\x08\x00"
    covered = 0 if kind == "udp" else sum_of(addresses + struct.pack("!HH", PROTOCOL, len(transport)) + transport)
    return bytearray(ethernet + head + transport), covered


wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((device, 0))
begun = time.monotonic()
frame = None
for sent in range(int(count)):
    number = int(first) + sent
    if frame is None or number % PORTS == 0:
        frame, covered = frame_of(number)
    client_port = 1024 + number % PORTS
    struct.pack_into("!H", frame, SOURCE_PORT, client_port)
    if kind == "syn":
        struct.pack_into("!H", frame, TCP_CHECKSUM, folded(covered + client_port))
    wire.send(frame)
    if sent % BURST == 0:
        ahead = sent / float(rate) - (time.monotonic() - begun)
        if ahead > 0:
            time.sleep(ahead)
