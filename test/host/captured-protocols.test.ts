/** Where TCP alone is captured, UDP goes the way it always does. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { add, addReal, MEANS, setDevices } from './capture-calls.js';
import { NamespacePair, type Reader, rip, SKIP, vip } from './namespace-pair.js';

const FAMILIES = [
  { family: 'IPv4', routed: '10.9.9.9', local: '10.0.0.1', server: '10.0.0.2', nowhere: '203.0.113.5' },
  {
    family: 'IPv6',
    routed: '2001:db8:9::9',
    local: '2001:db8::1',
    server: '2001:db8::2',
    nowhere: '2001:db8:5::5',
  },
] as const;

for (const { means, filterProgram } of MEANS) {
  for (const { family, routed, local, server, nowhere } of FAMILIES) {
    describe(`captured ${family} packets of TCP alone, and ${means}`, { skip: SKIP }, () => {
      let pair: NamespacePair;
      let reader: Reader;
      before(async () => {
        pair = await NamespacePair.make();
        reader = await pair.reader('count');
        const plumbing = await pair.attached({ filterProgram, capturedProtocols: ['tcp'] });
        await plumbing.do(
          setDevices('eth0'),
          add(vip(routed, 80)),
          add(vip(local, 53, 'udp')),
          add(vip(local, 80)),
          addReal(rip(server)),
        );
      });
      after(() => pair?.remove());

      /** TCP is sent first: had it not been dropped, it would come out first. */
      async function assertOnlyUdp(to: string, port: number, from = ''): Promise<void> {
        for (const protocol of ['tcp', 'udp'] as const)
          await pair.send(pair.peer, protocol, to, [port], from);
        assert.equal(await reader.lines.next(), `17 ${server} 5000 ${to} ${port}`);
      }

      it('(a) datagrams to a routed VIP come to the device', () => assertOnlyUdp(routed, 80));

      it('(b) datagrams to a service on a local VIP come to the device', async () => {
        await pair.send(pair.peer, 'tcp', local, [80]);
        await pair.send(pair.peer, 'udp', local, [53]);
        assert.equal(await reader.lines.next(), `17 ${server} 5000 ${local} 53`);
      });

      it('(c) datagrams of a real server come to the device', () => assertOnlyUdp(nowhere, 5000, server));
    });
  }
}
