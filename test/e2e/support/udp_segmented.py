"""Hands the kernel many datagrams in one call (UDP_SEGMENT), and prints how many came back as they were sent.

ADDRESS PORT COUNT BYTES
"""

import errno
import socket
import sys

SOL_UDP, UDP_SEGMENT = 17, 103  # linux/udp.h


def segmented(address, port, count, size):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sender = socket.socket(family, socket.SOCK_DGRAM)
    sender.setsockopt(SOL_UDP, UDP_SEGMENT, size)
    sender.settimeout(2)
    sender.connect((address, port))
    sent = [bytes([number]) * size for number in range(count)]
    try:
        sender.send(b"".join(sent))
    except OSError as error:
        # Before Linux 6.11 the device must complete checksums; else programs send them one by one.
        if error.errno != errno.EIO:
            raise
        sender.setsockopt(SOL_UDP, UDP_SEGMENT, 0)
        for datagram in sent:
            sender.send(datagram)
    answers = set()
    try:
        while len(answers) < count:
            answers.add(sender.recv(65535))
    except TimeoutError:
        pass
    return len(answers & set(sent))


if __name__ == "__main__":
    print(segmented(sys.argv[1], *map(int, sys.argv[2:])))
