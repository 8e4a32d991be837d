/**
 * Clients of the control socket that ask as fast as they are answered, or hang up and come again as fast as they are
 * let in: `control-spammer.js SOCKET CLIENTS asking|coming`. Says `ready` once all have been connected; ends when it is
 * killed.
 */
import { connect, type Socket } from 'node:net';

const BLOCK = '{"op":"info"}\n'.repeat(4000);
const [path = '', count = '0', how] = process.argv.slice(2);
let connected = 0;

function ask(socket: Socket): void {
  while (socket.write(BLOCK));
  socket.once('drain', () => ask(socket));
}

function come(wasIn: boolean): void {
  let isIn = wasIn;
  const socket = connect(path, () => {
    if (!isIn) connected += 1;
    if (!isIn && connected === Number(count)) process.stdout.write('ready\n');
    isIn = true;
    if (how === 'asking') ask(socket);
    else socket.destroy();
  });
  // Who comes too fast is refused by the kernel. Who asks must not be.
  socket.on('error', (error) => {
    if (how === 'asking') throw error;
  });
  if (how === 'coming') socket.on('close', () => come(isIn));
  // Answers are read and thrown away.
  socket.resume();
}

for (let index = 0; index < Number(count); index += 1) come(false);
