"""Echoes what comes in every SCTP association, until its client shuts it down: PORT ADDRESS..."""

import socket
import sys
import threading

BYTES = 1 << 16


def echo(association):
    with association:
        while True:
            received = association.recv(BYTES)
            if not received:
                return
            association.sendall(received)


def listen(address, port):
    # Bound to one address: an association that names others would go on by these, past the director.
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
    listener.bind((address, port))
    listener.listen(64)
    while True:
        threading.Thread(target=echo, args=listener.accept()[:1], daemon=True).start()


port, *addresses = sys.argv[1:]
threads = [threading.Thread(target=listen, args=(address, int(port))) for address in addresses]
for thread in threads:
    thread.start()
print("ready", flush=True)
