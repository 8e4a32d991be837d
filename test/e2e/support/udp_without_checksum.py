"""Sends one UDP datagram whose checksum field is zero and prints the answer: ADDRESS PORT TEXT."""

import socket
import sys

SO_NO_CHECK = 11  # asm-generic/socket.h


def without_checksum(address, port, text):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    sender.settimeout(2)
    sender.sendto(text.encode(), (address, port))
    return sender.recv(65535).decode()


if __name__ == "__main__":
    print(without_checksum(sys.argv[1], int(sys.argv[2]), sys.argv[3]), end="")
