"""Sends SIP requests from one socket and prints who answered: ADDRESS PORT LOCAL-PORT CALL-ID...

Each Call-ID is asked for in turn, and a line says `CALL-ID SERVER FROM-ADDRESS FROM-PORT`, or `CALL-ID timeout`. With
`back=PORT` in place of a Call-ID, the call before it is asked to call back to that port, and the BYE's line is the same.
"""

import re
import socket
import sys

address, port, local_port, *words = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET


def bound(number):
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("", number))
    made.settimeout(2)
    return made


def request(method, user, call):
    text = f"{method} sip:{user} SIP/2.0\r\nVia: SIP/2.0/UDP client\r\nCall-ID: {call}\r\n\r\n"
    client.sendto(text.encode("latin-1"), (address, int(port)))


def hear(receiver, call):
    try:
        data, source = receiver.recvfrom(65535)
    except TimeoutError:
        return f"{call} timeout"
    text = data.decode("latin-1")
    said = re.search(r"Call-ID: (.*?)\r\nServer: (.*?)\r\n", text)
    return f"{said[1]} {said[2]} {source[0]} {source[1]}"


client = bound(int(local_port))
call = ""
for word in words:
    if word.startswith("back="):
        other = bound(int(word[5:]))
        request("INVITE", "call-back@" + word[5:], call)
        hear(client, call)
        print(hear(other, call))
        other.close()
    else:
        call = word
        request("OPTIONS", "server", call)
        print(hear(client, call))
