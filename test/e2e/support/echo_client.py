"""Reads a server's first line, sends bytes to be echoed, and prints the line and its own address.

echo_client.py ADDRESS PORT BYTES

Fails where what comes back is not what was sent. The server speaks first, so nothing but the handshake can carry what it
waits for.
"""
import random
import socket
import sys
import threading

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sent = random.Random(7).randbytes(count)
with socket.create_connection((address, port), timeout=10) as connection:
    stream = connection.makefile("rb")
    line = stream.readline().decode().strip()
    sender = threading.Thread(target=connection.sendall, args=(sent,))
    sender.start()
    received = stream.read(count)
    sender.join()
    if received != sent:
        sys.exit("what came back is not what was sent")
    own = connection.getsockname()
    print(f"{line}|{own[0]} {own[1]}")
