/** The table that the recorded listings are of, in the order in which the kernel gave it. */
import { destination, service } from './listing-fixture.js';

export const RECORDED_TABLE = [
  service({ kind: 'address', protocol: 'udp', address: '120.0.0.1', port: 5353 }, {}, []),
  service(
    { kind: 'address', protocol: 'sctp', address: '10.9.0.1', port: 80 },
    { scheduler: 'sh', schedulerFlags: 0x10 },
    [destination('10.1.0.11', 80)],
  ),
  service(
    { kind: 'address', protocol: 'tcp', address: '10.9.0.1', port: 443 },
    { scheduler: 'wlc', persistence: { timeoutSeconds: 600, netmask: 0xffffffff } },
    [],
  ),
  service(
    { kind: 'address', protocol: 'tcp', address: '10.9.0.5', port: 20000 },
    { scheduler: 'rr', schedulerFlags: 0x28 },
    [],
  ),
  service({ kind: 'address', protocol: 'tcp', address: '180.7.7.7', port: 81 }, {}, []),
  service({ kind: 'address', protocol: 'tcp', address: '250.1.1.1', port: 81 }, {}, []),
  service(
    { kind: 'address', protocol: 'tcp', address: 'fd09::1', port: 81 },
    { scheduler: 'sh', schedulerFlags: 0x08, persistence: { timeoutSeconds: 60, netmask: 64 } },
    [],
  ),
  service({ kind: 'address', protocol: 'tcp', address: 'fd09::1:1', port: 80 }, {}, []),
  service({ kind: 'address', protocol: 'tcp', address: '1::1', port: 80 }, {}, []),
  service({ kind: 'address', protocol: 'tcp', address: 'ffff::1', port: 80 }, {}, []),
  service({ kind: 'address', protocol: 'tcp', address: '1.1.1.1', port: 80 }, {}, []),
  service({ kind: 'address', protocol: 'tcp', address: '200.1.1.1', port: 80 }, {}, []),
  service({ kind: 'address', protocol: 'tcp', address: '130.1.1.1', port: 80 }, {}, []),
  service({ kind: 'address', protocol: 'tcp', address: '224.1.1.1', port: 80 }, {}, []),
  service({ kind: 'address', protocol: 'tcp', address: '127.0.0.1', port: 80 }, {}, []),
  service(
    { kind: 'address', protocol: 'tcp', address: 'fd09::1', port: 80 },
    { scheduler: 'mh', schedulerFlags: 0x18 },
    [
      destination('fd01::11', 80),
      destination('2001:db8:1111:2222:3333:4444:5555:6666', 65535),
      destination('fd01::21', 80),
    ],
  ),
  service({ kind: 'address', protocol: 'tcp', address: '10.9.0.1', port: 80 }, { scheduler: 'rr' }, [
    destination('99.1.0.30', 80),
    destination('1.1.0.30', 80),
    destination('200.1.0.30', 80),
    destination('10.1.0.30', 0),
    destination('10.1.0.21', 12345),
    destination('130.1.0.11', 80, {
      forwarding: 'tunneling',
      tunnel: { type: 'ipip', port: 0, checksum: 'none' },
    }),
    destination('10.1.0.11', 80, { weight: 0 }),
    destination('10.1.0.11', 8080, { weight: 2147483647, upperThreshold: 2147483647 }),
    destination('10.1.0.12', 80, { weight: 70000, forwarding: 'direct-routing' }),
    destination('192.168.1.1', 80, { upperThreshold: 5, lowerThreshold: 3 }),
  ]),
  service({ kind: 'address', protocol: 'tcp', address: '192.168.1.1', port: 80 }, { scheduler: 'rr' }, []),
  service({ kind: 'address', protocol: 'udp', address: '20.0.0.1', port: 53 }, {}, []),
  service(
    { kind: 'address', protocol: 'udp', address: '200.0.0.1', port: 53 },
    {
      isOnePacket: true,
      persistence: { timeoutSeconds: 360, netmask: 0xffffffff },
      persistenceEngine: 'sip',
    },
    [],
  ),
  service(
    { kind: 'address', protocol: 'udp', address: '10.9.0.1', port: 53 },
    { scheduler: 'rr', isOnePacket: true },
    [destination('10.1.0.11', 53)],
  ),
  service(
    { kind: 'address', protocol: 'tcp', address: '10.9.0.1', port: 22 },
    { scheduler: 'wlc', persistence: { timeoutSeconds: 600, netmask: 0xffffff00 } },
    [],
  ),
  service(
    { kind: 'address', protocol: 'tcp', address: '10.9.0.77', port: 81 },
    { persistenceEngine: 'sip' },
    [],
  ),
  service(
    { kind: 'address', protocol: 'tcp', address: '10.9.0.21', port: 12345 },
    { scheduler: 'wlc', persistence: { timeoutSeconds: 10, netmask: 0xff000000 }, persistenceEngine: 'sip' },
    [destination('10.1.0.11', 80)],
  ),
  service(
    { kind: 'address', protocol: 'tcp', address: '10.9.0.9', port: 0 },
    { scheduler: 'rr', persistence: { timeoutSeconds: 360, netmask: 0xffffffff } },
    [destination('10.1.0.11', 0)],
  ),
  service({ kind: 'fwmark', mark: 70, family: 4 }, { isOnePacket: true }, []),
  service(
    { kind: 'fwmark', mark: 7, family: 6 },
    { scheduler: 'lc', persistence: { timeoutSeconds: 360, netmask: 128 } },
    [destination('fd01::11', 80)],
  ),
  service({ kind: 'fwmark', mark: 7, family: 4 }, { scheduler: 'lc' }, [
    destination('10.1.0.11', 0),
    destination('10.1.0.11', 80),
  ]),
];

/** What the hosts file named; no other address had a name. */
export const RECORDED_HOST_NAMES: ReadonlyMap<string, string> = new Map([
  ['127.0.0.1', 'localhost'],
  ['10.9.0.5', 'myhost'],
  ['fd09::9', 'six'],
  ['10.1.0.21', 'averyveryverylongservername.example.com'],
  ['10.9.0.21', 'alsoveryverylongvirtualname.example.com'],
  ['fd01::21', 'averyveryverylongservername6.example.com'],
]);
