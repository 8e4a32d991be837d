/** Frames with the tag of a VLAN, and what the chain of nftables does with them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { add, setDevices } from './capture-calls.js';
import { NamespacePair, SKIP, vip } from './namespace-pair.js';

/** In Python: a frame with an empty SYN to VIP. Arguments: the director's MAC address, tag protocol, VLAN, VIP. */
const TAGGED = `import ipaddress, socket, struct, sys
mac, tag, vlan, vip = sys.argv[1:]
to = ipaddress.ip_address(vip)
tcp = struct.pack("!HHIIHHHH", 5000, 80, 1, 0, 0x5002, 1000, 0, 0)
if to.version == 4:
    source = ipaddress.ip_address("10.0.0.2").packed
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0) + source + to.packed
    kind = 0x0800
else:
    source = ipaddress.ip_address("2001:db8::2").packed
    ip = struct.pack("!IHBB", 6 << 28, len(tcp), 6, 64) + source + to.packed
    kind = 0x86dd
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("eth0", 0))
ends = bytes.fromhex(mac.replace(":", "")) + b"\\x02" * 6
wire.send(ends + struct.pack("!HHH", int(tag, 16), 0xe000 | int(vlan), kind) + ip + tcp)`;

/** Behind the chain of the daemon: it counts what is left. */
const COUNTER = `table netdev behind {
  counter left { }
  chain in { type filter hook ingress device "eth0" priority 0; tcp dport 80 counter name left; }
}`;

describe('the chain for captured packets', { skip: SKIP }, () => {
  const VIPS = ['10.9.9.9', '2001:db8:9::9'] as const;
  let pair: NamespacePair;
  let mac = '';
  before(async () => {
    pair = await NamespacePair.make();
    await pair.exec(pair.director, ['nft', COUNTER]);
    const plumbing = await pair.attached();
    await plumbing.do(setDevices('eth0'), ...VIPS.map((each) => add(vip(each, 80))));
    const links = JSON.parse(await pair.exec(pair.director, ['ip', '-json', 'link', 'show', 'eth0']));
    mac = (links as [{ address: string }])[0].address;
  });
  after(() => pair?.remove());

  async function left(): Promise<number> {
    const text = await pair.exec(pair.director, ['nft', 'list', 'counter', 'netdev', 'behind', 'left']);
    return Number(/packets (\d+)/.exec(text)?.[1]);
  }

  for (const tag of ['8100', '88a8']) {
    for (const to of VIPS) {
      it(`leaves the frames of a VLAN, tagged ${tag}, to ${to}`, async () => {
        const before = await left();
        await pair.exec(pair.peer, ['python3', '-c', TAGGED, mac, tag, '10', to]);
        assert.equal(await left(), before + 1);
      });

      it(`drops those whose tag is a mere priority, tagged ${tag}, to ${to}`, async () => {
        const before = await left();
        await pair.exec(pair.peer, ['python3', '-c', TAGGED, mac, tag, '0', to]);
        await pair.exec(pair.peer, ['python3', '-c', TAGGED, mac, tag, '10', to]);
        assert.equal(await left(), before + 1);
      });
    }
  }
});
