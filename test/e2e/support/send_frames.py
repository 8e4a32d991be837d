"""Sends Ethernet frames out of a device: DEVICE SOCKET.

Takes one client on a Unix socket. A line in hexadecimal is a frame; an empty line asks for "sent" once all before it are.
"""

import socket
import sys

device, path = sys.argv[1:]
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((device, 0))
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
print("ready", flush=True)
client, _ = listener.accept()
for line in client.makefile("r"):
    if line == "\n":
        client.sendall(b"sent\n")
    else:
        wire.send(bytes.fromhex(line))
