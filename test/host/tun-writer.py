"""Test instrument: writes datagrams into a TUN device and prints what comes out of it.

usage: tun-writer.py DEVICE
Standard input, a line a datagram, not to be fragmented: SOURCE SPORT DESTINATION DPORT BYTES
Standard output, a line a packet: PROTOCOL SOURCE SPORT DESTINATION DPORT, of an ICMP error
`error SOURCE TYPE/CODE DESTINATION about SOURCE DESTINATION`.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
DONT_FRAGMENT = 0x4000
UDP = 17
ERRORS = {4: (1, (3, 11)), 6: (58, (1, 2, 3))}


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def datagram(source, sport, destination, dport, payload):
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    addresses = socket.inet_pton(family, source) + socket.inet_pton(family, destination)
    length = 8 + int(payload)
    udp = struct.pack("!HHHH", int(sport), int(dport), length, 0) + bytes(int(payload))
    udp = udp[:6] + struct.pack("!H", checksum(addresses + struct.pack("!HH", UDP, length) + udp)) + udp[8:]
    if family == socket.AF_INET6:
        return struct.pack("!IHBB", 6 << 28, length, UDP, 64) + addresses + udp
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 1, DONT_FRAGMENT, 64, UDP, 0) + addresses
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + udp


def addresses_of(packet):
    if packet[0] >> 4 == 4:
        return socket.inet_ntop(socket.AF_INET, packet[12:16]), socket.inet_ntop(socket.AF_INET, packet[16:20])
    return socket.inet_ntop(socket.AF_INET6, packet[8:24]), socket.inet_ntop(socket.AF_INET6, packet[24:40])


def describe(packet):
    version = packet[0] >> 4
    protocol, rest = (packet[9], packet[20:]) if version == 4 else (packet[6], packet[40:])
    source, destination = addresses_of(packet)
    icmp, errors = ERRORS[version]
    if protocol == icmp and rest[0] in errors:
        return f"error {source} {rest[0]}/{rest[1]} {destination} about {' '.join(addresses_of(rest[8:]))}"
    sport, dport = struct.unpack("!HH", rest[:4])
    return f"{protocol} {source} {sport} {destination} {dport}"


tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", sys.argv[1].encode(), IFF_TUN_NO_PI))
print("ready", flush=True)
sources = [tun, sys.stdin]
while True:
    ready, _, _ = select.select(sources, [], [])
    if tun in ready:
        print(describe(os.read(tun, 70000)), flush=True)
    if sys.stdin in ready:
        line = sys.stdin.readline()
        if line:
            os.write(tun, datagram(*line.split()))
        else:
            sources.remove(sys.stdin)
