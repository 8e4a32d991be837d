/** What the tests of captured packets share: by what they are dropped, calls of the plumbing, and a client. */
import type { Call } from './plumbing-child.js';

/** By what the kernel drops; `filterProgram` is an option of the plumbing. */
export const MEANS = [
  { means: 'nftables', filterProgram: 'nft' },
  { means: 'policy rules', filterProgram: 'no-such-nft' },
] as const;

export const setDevices = (...argument: string[]): Call => ({ method: 'setCaptureDevices', argument });
export const add = (argument: unknown): Call => ({ method: 'addVirtualService', argument });
export const addReal = (argument: unknown): Call => ({ method: 'addRealServer', argument });

/** In Python: knocks at a port and says what comes of it. Arguments: protocol, address, port, source address. */
export const ASK = `import socket, sys
protocol, address, port, source = sys.argv[1:]
kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
s.bind((source, 0))
s.settimeout(0.2)
try:
    s.connect((address, int(port)))
    s.send(b"?")
    s.recv(9)
except TimeoutError:
    print("silence")
except ConnectionRefusedError:
    print("refused")`;
