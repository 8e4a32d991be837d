/** Runs uipvsadm inside the test process, with names of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { main } from '../../src/cli/main.js';
import type { Resolver } from '../../src/cli/resolver.js';
import { ServiceNames } from '../../src/cli/service-name.js';
import { RECORDED_HOST_NAMES } from './recorded-table.js';

export const SERVICES = `# services
ssh 22/tcp # remote login
domain 53/tcp
domain 53/udp
http 80/tcp www
https 443/tcp
snpp 444/tcp
openvpn 1194/udp
sip 5060/udp
mdns 5353/udp
http-alt 8080/tcp webcache
http-alt 8080/udp
`;

const ADDRESSES: ReadonlyMap<string, string> = new Map([
  ['localhost', '127.0.0.1'],
  ['myhost', '10.9.0.5'],
]);

export const fixedResolver: Resolver = {
  addressOf: async (host) => ADDRESSES.get(host),
  nameOf: async (address) => RECORDED_HOST_NAMES.get(address),
};

/** The names of {@link SERVICES}, read from a file that is gone afterwards. */
export function fixedServices(): ServiceNames {
  const directory = mkdtempSync(join(tmpdir(), 'uipvs-services-'));
  const path = join(directory, 'services');
  writeFileSync(path, SERVICES);
  const services = new ServiceNames(path);
  services.portOf('http', 'tcp');
  rmSync(directory, { recursive: true });
  return services;
}

/** What `words` printed, but for the thresholds in lines of `-S`, which ipvsadm does not save. */
export function withoutThresholds(words: string, out: string): string {
  return words.startsWith('-S') ? out.replace(/( -x \d+)?( -y \d+)?$/gm, '') : out;
}

export interface Result {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

export async function runMain(
  words: readonly string[],
  values: { socketPath?: string; input?: string; program?: string } = {},
): Promise<Result> {
  let out = '';
  let err = '';
  const exitCode = await main({
    words,
    program: values.program ?? 'ipvsadm',
    socketVariable: values.socketPath ?? '/nonexistent/uipvsd.sock',
    services: fixedServices(),
    resolver: fixedResolver,
    openInput: () => Readable.from([values.input ?? '']),
    output: {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
    },
  });
  return { exitCode, out, err };
}
