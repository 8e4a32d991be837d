"""Counts bytes over TCP, one way: "serve PORT", or "send ADDRESS PORT BYTES", which prints what the server has counted.

The server answers once the sender has said that it is done. Prints "ready". The sender gives up after 3 s without progress.
"""

import socket
import sys

PATIENCE_S = 3

if sys.argv[1] == "serve":
    listener = socket.create_server(("::", int(sys.argv[2])), family=socket.AF_INET6, dualstack_ipv6=True)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        connection.settimeout(PATIENCE_S)
        count = 0
        try:
            while data := connection.recv(65536):
                count += len(data)
            connection.sendall(str(count).encode())
        except OSError:
            pass  # the sender has given up
        connection.close()

sender = socket.create_connection((sys.argv[2], int(sys.argv[3])), timeout=PATIENCE_S)
sender.sendall(bytes(int(sys.argv[4])))
sender.shutdown(socket.SHUT_WR)
print(sender.recv(100).decode())
