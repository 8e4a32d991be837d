"""Gives back every datagram that can be answered: PORT. Prints "ready"."""

import socket
import sys

server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.bind(("::", int(sys.argv[1])))
print("ready", flush=True)
while True:
    data, source = server.recvfrom(65535)
    if source[1] != 0:  # nobody can be answered at port 0
        server.sendto(data, source)
