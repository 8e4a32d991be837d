/**
 * `npm run demo`: a whole load balancer on this machine in a few seconds.
 *
 * Makes a client, a director and three real servers as network namespaces, runs uipvsd in the director, sets up a virtual
 * service with uipvsadm, and shows what a user would see. Removes everything, whatever happens.
 */
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../src/base/error.js';
import { Lab } from '../lab/lab.js';
import { requirements } from '../lab/requirements.js';
import { startServers } from '../lab/servers.js';
import type { UipvsProcess } from '../lab/uipvs-process.js';

const VIP = '10.9.0.1';
const SERVICE = `${VIP}:80`;
const HTTP_PORT = 8080;
const REAL_SERVERS = ['rs1', 'rs2', 'rs3'] as const;
const REQUESTS = 9;
const DOWNLOAD_BYTES = 512 * 1024 * 1024;
const CLIENT = fileURLToPath(new URL('./client.js', import.meta.url));

const PICTURE = `
  client 10.0.0.2 ----> director: uipvsd, VIP ${SERVICE} --+---> rs1 10.1.0.11:${HTTP_PORT}
                        (no ip_vs in its kernel needed)    +---> rs2 10.1.0.12:${HTTP_PORT}
                                                           +---> rs3 10.1.0.13:${HTTP_PORT}
`;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Runs uipvsadm in the director and shows the command and its output as a terminal would. */
async function adm(uipvs: UipvsProcess, ...args: readonly string[]): Promise<void> {
  say(`director# uipvsadm ${args.join(' ')}`);
  const { stdout, stderr, status } = await uipvs.adm(...args);
  process.stdout.write(stdout + stderr);
  if (status !== 0) throw new Error(`uipvsadm ${args.join(' ')} ended with ${status}`);
}

async function client(lab: Lab, ...args: readonly string[]): Promise<string> {
  return (await lab.run('client', [process.execPath, CLIENT, ...args], { timeoutMs: 30_000 })).trim();
}

async function showRequests(lab: Lab): Promise<void> {
  say(`\nclient$ for i in $(seq ${REQUESTS}); do curl http://${VIP}/; done`);
  const answers = (await client(lab, 'requests', `http://${VIP}/`, String(REQUESTS))).split('\n');
  say(answers.join(' '));
  const counts = REAL_SERVERS.map((name) => `${name} ${answers.filter((answer) => answer === name).length}`);
  say(`                           answered by: ${counts.join(', ')}\n`);
}

async function showThroughput(lab: Lab): Promise<void> {
  const path = `/bytes/${DOWNLOAD_BYTES}`;
  say(`\nclient$ curl -o /dev/null http://${VIP}${path}`);
  const rate = async (host: string): Promise<number> => {
    const [bytes = 0, seconds = 1] = (await client(lab, 'download', `http://${host}${path}`))
      .split(' ')
      .map(Number);
    return (bytes * 8) / seconds / 1e9;
  };
  const direct = await rate(`10.1.0.11:${HTTP_PORT}`);
  const balanced = await rate(VIP);
  say(`${balanced.toFixed(1)} Gbit/s through uipvs; ${direct.toFixed(1)} Gbit/s straight to a real server`);
  say('(small Node.js programs at both ends: npm run bench measures with real ones)\n');
}

async function show(lab: Lab): Promise<void> {
  say(PICTURE);
  for (const name of REAL_SERVERS) await startServers(lab, name, { http: HTTP_PORT });
  const uipvs = await lab.startUipvs('director');
  await adm(uipvs, '-A', '-t', SERVICE, '-s', 'rr');
  for (const index of REAL_SERVERS.keys()) {
    await adm(uipvs, '-a', '-t', SERVICE, '-r', `10.1.0.${11 + index}:${HTTP_PORT}`, '-m');
  }
  await showRequests(lab);
  await adm(uipvs, '-Ln');
  await showThroughput(lab);
  await adm(uipvs, '-Ln', '--stats');
  await uipvs.stop();
  say('\nEverything that the demo made is gone again.');
}

const lacking = requirements();
if (lacking !== null) {
  process.stderr.write(`${lacking.replace('A lab', 'The demo')}\n`);
  process.exit(1);
}
let lab: Lab | undefined;
try {
  lab = await Lab.create({ realServers: REAL_SERVERS.length });
  await show(lab);
} catch (thrown) {
  process.stderr.write(`demo: ${messageOf(thrown)}\n`);
  process.exitCode = 1;
} finally {
  lab?.close();
}
