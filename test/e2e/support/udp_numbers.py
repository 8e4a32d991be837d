"""Numbered datagrams: which of them come, and how often.

send ADDRESS PORT COUNT RATE: says `ready`, sends COUNT at RATE a second from one socket, or until SIGTERM where COUNT is
0, and then says, as JSON, how many. count PORT: says `ready`, counts until SIGTERM and then says, as JSON, how many came, how many of them again, and
which of those below the highest did not (at most a hundred).
"""

import json
import signal
import socket
import sys
import time

BURST = 16
SO_RCVBUFFORCE = 33  # asm-generic/socket.h


def send(address, port, count, rate):
    target = (address, int(port))
    wire = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    print("ready", flush=True)
    begun = time.monotonic()
    sent = 0
    refused = 0
    while not stopped and (int(count) == 0 or sent < int(count)):
        try:
            wire.sendto(b"%d" % sent, target)
        except OSError:
            refused += 1
        sent += 1
        if sent % BURST == 0:
            ahead = sent / float(rate) - (time.monotonic() - begun)
            if ahead > 0:
                time.sleep(ahead)
    print(json.dumps({"sent": sent, "refused": refused}))


def count(port):
    wire = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    wire.bind(("::", int(port)))
    wire.settimeout(0.1)
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    print("ready", flush=True)
    numbers = set()
    again = 0
    while True:
        try:
            number = int(wire.recv(100))
        except TimeoutError:
            if stopped:
                break
            continue
        if number in numbers:
            again += 1
        numbers.add(number)
    highest = max(numbers, default=-1)
    missing = [number for number in range(highest) if number not in numbers]
    print(json.dumps({"came": len(numbers), "again": again, "highest": highest, "missing": missing[:100]}))


{"send": send, "count": count}[sys.argv[1]](*sys.argv[2:])
