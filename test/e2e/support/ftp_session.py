"""Several transfers in one FTP control session: ADDRESS MODE TURNS, where MODE is pasv, epsv, port or eprt.

Each turn fetches "bulk" and "name" and sends a file of another length, which it fetches back. Prints a line for each
transfer: its name, the length and the SHA-256 of the bytes. Believes the addresses that the server names.
"""

import ftplib
import hashlib
import io
import socket
import sys
import time

PATIENCE_S = 30
RETRY_S = 0.1


class Session(ftplib.FTP):
    trust_server_pasv_ipv4_address = True

    def makepasv(self):
        if mode == "epsv":
            return ftplib.parse229(self.sendcmd("EPSV"), self.sock.getpeername())
        return ftplib.parse227(self.sendcmd("PASV"))

    def sendport(self, host, port):
        if mode == "eprt":
            return self.sendeprt(host, port)
        return super().sendport(host, port)


def connect(address):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return Session(address, timeout=PATIENCE_S)
        except ConnectionRefusedError:  # the server is not there yet
            if time.monotonic() > deadline:
                raise
            time.sleep(RETRY_S)


def report(name, data):
    print(name, len(data), hashlib.sha256(data).hexdigest(), flush=True)


def fetch(name):
    data = bytearray()
    session.retrbinary(f"RETR {name}", data.extend)
    return data


address, mode, turns = sys.argv[1], sys.argv[2], int(sys.argv[3])
session = connect(address)
if mode in ("port", "eprt"):
    session.set_pasv(False)
session.login()
stamp = f"{mode}-{time.time_ns()}"
for turn in range(turns):
    report("name", fetch("name"))
    report("bulk", fetch("bulk"))
    sent = f"{turn} {stamp} ".encode() * (1000 * (turn + 1))
    session.storbinary(f"STOR incoming/{stamp}-{turn}", io.BytesIO(sent))
    report("sent", sent)
    report("back", fetch(f"incoming/{stamp}-{turn}"))
session.quit()
