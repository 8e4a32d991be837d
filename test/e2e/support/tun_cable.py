"""A cable between two machines that is no Ethernet: NAMESPACE DEVICE. Joins a TUN device here to one of that name there."""

import ctypes
import fcntl
import os
import select
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000
CLONE_NEWNET = 0x40000000

namespace, device = sys.argv[1:]


def end():
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN | IFF_NO_PI))
    return descriptor


near = end()
there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
if ctypes.CDLL(None, use_errno=True).setns(there, CLONE_NEWNET) != 0:
    raise OSError(ctypes.get_errno(), "setns")
far = end()
print("ready", flush=True)
while True:
    for ready in select.select([near, far], [], [])[0]:
        packet = os.read(ready, 65536)
        try:
            os.write(far if ready == near else near, packet)
        except OSError:
            pass  # that end is down
