"""Plays systemd's part for one service: service_manager.py SOCKET WORDS...

Starts the program with NOTIFY_SOCKET=SOCKET, keeps the descriptors that it sends there, and starts it again with them
whenever it ended by SIGKILL, as Restart=on-failure does. Says, a line of JSON each, what it does: {"started": PID},
{"stored": NAME, "count": ALL OF THE NAME}, {"removed": NAME}. Ends with the program otherwise, with its status; SIGTERM is
the program's to follow. Source: sd_notify(3), sd_listen_fds(3).
"""

import array
import json
import os
import select
import signal
import socket
import sys

path, words = sys.argv[1], sys.argv[2:]
FIRST = 3
MOST = 64


def say(**line):
    os.write(1, (json.dumps(line) + "\n").encode())


def start():
    pid = os.fork()
    if pid != 0:
        say(started=pid)
        return pid
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    flat = [(name, each) for name, some in kept.items() for each in some]
    environment = {**os.environ, "NOTIFY_SOCKET": path}
    if flat:
        names = ":".join(name for name, _ in flat)
        environment |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(flat)), "LISTEN_FDNAMES": names}
    # Out of the way first, then to the places that they are to have.
    high = [os.dup2(each, 200 + index) for index, (_, each) in enumerate(flat)]
    os.closerange(FIRST, 200)
    for index, each in enumerate(high):
        os.dup2(each, FIRST + index, inheritable=True)
    os.closerange(200, 200 + len(high))
    os.execvpe(words[0], words, environment)


def take_notice():
    text, control, _, _ = notices.recvmsg(4096, socket.CMSG_SPACE(MOST * 4))
    fields = dict(line.split("=", 1) for line in text.decode().split("\n") if "=" in line)
    name = fields.get("FDNAME", "stored")
    descriptors = array.array("i")
    for _, _, data in control:
        descriptors.frombytes(data)
    if "FDSTORE" in fields:
        kept.setdefault(name, []).extend(descriptors)
        say(stored=name, count=len(kept[name]))
    elif "FDSTOREREMOVE" in fields:
        for each in kept.pop(name, []):
            os.close(each)
        say(removed=name)


kept = {}
notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notices.bind(path)
signal.signal(signal.SIGTERM, lambda *_: None)
# A child's end wakes the wait for notices.
read_end, write_end = os.pipe()
os.set_blocking(write_end, False)
signal.set_wakeup_fd(write_end)
signal.signal(signal.SIGCHLD, lambda *_: None)
pid = start()
while True:
    ready, _, _ = select.select([notices, read_end], [], [])
    if notices in ready:
        take_notice()
        continue
    os.read(read_end, 100)
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended == 0:
        continue
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        sys.exit(os.waitstatus_to_exitcode(status))
    pid = start()
