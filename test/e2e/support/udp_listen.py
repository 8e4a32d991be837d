"""Waits for answers to datagrams that somebody else sends: ADDRESS PORT FIRST_PORT COUNT.

Has COUNT sockets from FIRST_PORT on, each connected to ADDRESS:PORT. Prints "listening", then a line for each answer: the
local port, the length and the SHA-256 of the bytes. Ends with the lab.
"""

import hashlib
import select
import socket
import sys

address, (port, first, count) = sys.argv[1], map(int, sys.argv[2:])
poll = select.epoll()
listeners = {}
for local_port in range(first, first + count):
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind(("", local_port))
    listener.connect((address, port))
    listeners[listener.fileno()] = listener
    poll.register(listener, select.EPOLLIN)
print("listening", flush=True)
while True:
    for descriptor, _ in poll.poll():
        listener = listeners[descriptor]
        try:
            data = listener.recv(65535)
        except OSError:
            continue  # an ICMP error, which is no answer
        print(listener.getsockname()[1], len(data), hashlib.sha256(data).hexdigest(), flush=True)
