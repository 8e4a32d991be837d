/**
 * The program that holds sockets inside one namespace of the lab, because a Node process cannot enter a second one:
 * `ip netns exec NAMESPACE node agent.js`. Requests come as JSON lines on standard input, replies go to standard
 * output in the order they are ready; see agent-protocol.ts. It ends when its standard input does.
 */
import { createInterface } from 'node:readline';
import { messageOf } from '../../src/base/error.js';
import type { AgentReply, AgentRequest, NumberedRequest } from './agent-protocol.js';
import { ClientConnections } from './client-connections.js';
import { exchangeDatagram } from './datagram.js';
import { RealServers } from './real-server.js';

const connections = new ClientConnections();
const servers = new RealServers();

async function answer(request: AgentRequest): Promise<string> {
  switch (request.do) {
    case 'serve':
      await servers.serve(request);
      return 'serving';
    case 'open':
      return connections.open(request.name, request.source, request.target);
    case 'ask':
      return connections.ask(request.name);
    case 'close':
      await connections.close(request.name);
      return 'closed';
    case 'reset':
      await connections.reset(request.name);
      return 'reset';
    case 'udp':
      return exchangeDatagram(request.source, request.target);
    case 'forget':
      connections.forget();
      servers.forget();
      return 'forgotten';
  }
}

async function reply(line: string): Promise<void> {
  const { id, ...request } = JSON.parse(line) as NumberedRequest;
  let said: AgentReply;
  try {
    said = { id, answer: await answer(request) };
  } catch (thrown) {
    said = { id, error: messageOf(thrown) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => void reply(line));
lines.on('close', () => process.exit(0));
