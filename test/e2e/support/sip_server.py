"""A SIP server that answers every request with its name: NAME PORT.

A request for `sip:call-back@` PORT makes it send a BYE of the same call to that port of whoever asked, from its own
port, which is a request that no connection of the client's leads to. Prints "ready". Source: RFC 3261 8.2, 15.1.
"""

import re
import socket
import sys

name, port = sys.argv[1], int(sys.argv[2])
server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.bind(("::", port))
print("ready", flush=True)
while True:
    data, source = server.recvfrom(65535)
    text = data.decode("latin-1")
    call = re.search(r"^(?:call-id|i) *: *(.*?)\r$", text, re.IGNORECASE | re.MULTILINE)
    if not call or not re.match(r"[A-Z]+ sip:", text):
        continue
    server.sendto(f"SIP/2.0 200 OK\r\nCall-ID: {call[1]}\r\nServer: {name}\r\n\r\n".encode("latin-1"), source)
    back = re.match(r"[A-Z]+ sip:call-back@(\d+)", text)
    if back:
        bye = f"BYE sip:client SIP/2.0\r\nCall-ID: {call[1]}\r\nServer: {name}\r\n\r\n"
        server.sendto(bye.encode("latin-1"), (source[0], int(back[1]), *source[2:]))
