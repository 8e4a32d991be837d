"""Holds SCTP associations: SOURCE ADDRESS PORT ASSOCIATIONS MESSAGES BYTES.

Sends MESSAGES of BYTES in each, all of them before it reads what comes back, says as JSON how many associations have
everything back unchanged, and shuts them down in an orderly way at SIGTERM.
"""

import json
import random
import signal
import socket
import sys
import threading

source, address = sys.argv[1:3]
port, associations, messages, size = map(int, sys.argv[3:])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def connect():
    # Bound to one address, as the server is.
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
    made.bind((source, 0))
    made.settimeout(60)
    made.connect((address, port))
    return made


def exchange(association, number):
    sent = random.Random(number).randbytes(messages * size)

    def send():
        for start in range(0, len(sent), size):
            association.sendall(sent[start : start + size])

    sender = threading.Thread(target=send)
    sender.start()
    received = b""
    while len(received) < len(sent):
        piece = association.recv(1 << 16)
        if not piece:
            break
        received += piece
    sender.join()
    return received == sent


held = [connect() for _ in range(associations)]
print(json.dumps({"unchanged": sum(exchange(one, number) for number, one in enumerate(held))}), flush=True)
signal.sigwait({signal.SIGTERM})
for one in held:
    one.close()
