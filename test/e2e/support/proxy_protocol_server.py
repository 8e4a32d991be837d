"""A TCP server behind the PROXY protocol: answers each connection with what its version 2 header says, then echoes.

proxy_protocol_server.py PORT

Prints "listening" once it is. Source: HAProxy, "The PROXY protocol, versions 1 & 2", section 2.2.
"""
import socket
import socketserver
import struct
import sys

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        head = self.rfile.read(16)
        if head[:12] != SIGNATURE:
            self.wfile.write(b"no header: %r\n" % head)
            return
        family, length = head[13] >> 4, struct.unpack("!H", head[14:16])[0]
        rest = self.rfile.read(length)
        size, kind = (4, socket.AF_INET) if family == 1 else (16, socket.AF_INET6)
        source, destination = (socket.inet_ntop(kind, rest[at:at + size]) for at in (0, size))
        ports = struct.unpack("!HH", rest[2 * size:2 * size + 4])
        self.wfile.write(f"{source} {ports[0]} {destination} {ports[1]}\n".encode())
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


with Server(("::", int(sys.argv[1])), Handler) as server:
    print("listening", flush=True)
    server.serve_forever()
