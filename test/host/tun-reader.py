"""Test instrument: opens a TUN device, prints one line a packet, and on request writes each packet back unchanged.

usage: tun-reader.py DEVICE count|pass
"""
import fcntl
import os
import socket
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001

device, mode = sys.argv[1:]
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TUN_NO_PI))
print("ready", flush=True)
while True:
    packet = os.read(tun, 70000)
    if packet[0] >> 4 == 4:
        protocol, source, destination = packet[9], packet[12:16], packet[16:20]
        ports, family = packet[(packet[0] & 15) * 4 :], socket.AF_INET
    else:
        protocol, source, destination = packet[6], packet[8:24], packet[24:40]
        ports, family = packet[40:], socket.AF_INET6
    sport, dport = struct.unpack("!HH", ports[:4])
    print(protocol, socket.inet_ntop(family, source), sport, socket.inet_ntop(family, destination), dport, flush=True)
    if mode == "pass":
        os.write(tun, packet)
