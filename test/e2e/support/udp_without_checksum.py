"""Sends one UDP datagram whose checksum field is zero and prints the answer: ADDRESS PORT TEXT."""

import socket
import sys

SO_NO_CHECK = 11  # asm-generic/socket.h

address, port, text = sys.argv[1:]
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
sender.settimeout(2)
sender.sendto(text.encode(), (address, int(port)))
print(sender.recv(65535).decode(), end="")
