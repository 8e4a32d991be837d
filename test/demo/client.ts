/**
 * The demo's client, run inside the client's namespace:
 *
 *   node client.js requests URL COUNT     one connection a request; prints who answered each, a line each
 *   node client.js download URL           prints bytes and seconds of one download
 */
import { get, type IncomingMessage } from 'node:http';

function request(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, timeout: 5000 }, resolve).on('error', reject);
  });
}

async function answerOf(url: string): Promise<string> {
  let text = '';
  for await (const chunk of (await request(url)).setEncoding('utf8')) text += chunk;
  return text.trim();
}

async function requests(url: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) process.stdout.write(`${await answerOf(url)}\n`);
}

async function download(url: string): Promise<void> {
  const started = performance.now();
  let bytes = 0;
  for await (const chunk of await request(url)) bytes += (chunk as Buffer).length;
  process.stdout.write(`${bytes} ${(performance.now() - started) / 1000}\n`);
}

const [task, url = '', count = '0'] = process.argv.slice(2);
if (task === 'requests') await requests(url, Number(count));
else if (task === 'download') await download(url);
else throw new Error(`Expected requests or download but received '${task}'`);
