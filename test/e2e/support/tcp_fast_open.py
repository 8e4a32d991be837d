"""TCP with data in the SYN, and urgent data. "serve PORT", or "fast-open ADDRESS PORT TEXT", or "urgent ADDRESS PORT".

The server answers a connection's first line by itself, with what came as urgent data behind a "!"; prints "listening".
"fast-open" connects twice, as the first connection only fetches the cookie, and prints both answers. RFC 7413, RFC 6093.
"""

import fcntl
import select
import socket
import sys

SIOCATMARK = 0x8905  # asm-generic/sockios.h
PATIENCE_S = 2
MODE = sys.argv[1]


def serve(port):
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
    listener.bind(("::", port))
    listener.listen()
    print("listening", flush=True)
    while True:
        connection, _ = listener.accept()
        connection.settimeout(PATIENCE_S)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        line, urgent = b"", b""
        try:
            while not line.endswith(b"\n"):
                select.select([connection], [], [], PATIENCE_S)
                # Reading stops before the mark, and what begins at it is one urgent byte.
                is_at_mark = fcntl.ioctl(connection, SIOCATMARK, bytes(4)) != bytes(4)
                if is_at_mark:
                    urgent += connection.recv(1)
                else:
                    line += connection.recv(1000)
            connection.sendall(line.strip() + (b"!" + urgent if urgent else b"") + b"\n")
        except OSError:
            pass  # the client is gone
        connection.close()


def answer(connection):
    connection.settimeout(PATIENCE_S)
    said = connection.recv(1000).decode().strip()
    connection.close()
    return said


def client_socket(address):
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)


if MODE == "serve":
    serve(int(sys.argv[2]))
target = (sys.argv[2], int(sys.argv[3]))
if MODE == "fast-open":
    for turn in ("cookie", "data"):
        opener = client_socket(target[0])
        opener.sendto(f"{sys.argv[4]} {turn}\n".encode(), socket.MSG_FASTOPEN, target)
        print(answer(opener))
if MODE == "urgent":
    sender = client_socket(target[0])
    sender.connect(target)
    sender.sendall(b"before ")
    sender.send(b"U", socket.MSG_OOB)
    sender.sendall(b"after\n")
    print(answer(sender))
