"""Sends UDP datagrams, each of another client, out of a device: DEVICE GATEWAY_MAC SOURCE_MAC VIP PORT FIRST COUNT RATE.

Client number N has address 10.64.0.0 + N / 50000 and port 1024 + N % 50000. RATE is datagrams a second.
"""

import socket
import struct
import sys
import time

device, gateway, source, vip, port, first, count, rate = sys.argv[1:]
PORTS = 50000
BURST = 64


def checksum(header):
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def frame_of(number):
    client = struct.pack("!I", (10 << 24 | 64 << 16) + number // PORTS)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 29, 0, 0x4000, 64, 17, 0)
    addresses = client + socket.inet_aton(vip)
    head = head[:10] + struct.pack("!H", checksum(head + addresses)) + addresses
    ethernet = bytes.fromhex((gateway + source).replace(":", "")) + b"\x08\x00"
    return bytearray(ethernet + head + struct.pack("!HHHH", 0, int(port), 9, 0) + b"x")


wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((device, 0))
begun = time.monotonic()
frame = None
for sent in range(int(count)):
    number = int(first) + sent
    if frame is None or number % PORTS == 0:
        frame = frame_of(number)
    struct.pack_into("!H", frame, 34, 1024 + number % PORTS)
    wire.send(frame)
    if sent % BURST == 0:
        ahead = sent / float(rate) - (time.monotonic() - begun)
        if ahead > 0:
            time.sleep(ahead)
