import type { Lab } from '../../lab/lab.js';

/** What uipvsd says of its packets to Prometheus. */
export interface PacketCounts {
  /** Packets to be judged: datagrams that came in fragments count once, when they are whole. */
  readonly received: number;
  /** By verdict: answered, dropped, passed, translated. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly drops: Readonly<Record<string, number>>;
  readonly connectionsCreated: number;
  readonly fragmentsKept: number;
}

const RECEIVED: Readonly<Record<string, number>> = {
  uipvs_received_packets_total: 1,
  uipvs_fragments_kept_total: -1,
  uipvs_datagrams_reassembled_total: 1,
};
const SERIES = /^(uipvs_\w+?)(?:\{(?:verdict|reason)="(\w+)"\})? (\d+)$/gm;

/** Asks the daemon at `endpoint`, the value of its `--metrics`, on the director. */
export async function packetCounts(lab: Lab, endpoint: string): Promise<PacketCounts> {
  const text = await lab.run('director', ['curl', '-sS', '-g', `http://${endpoint}/metrics`]);
  const verdicts: Record<string, number> = {};
  const drops: Record<string, number> = {};
  const totals = new Map<string, number>();
  let received: number | undefined;
  for (const [, name, label = '', value] of text.matchAll(SERIES)) {
    if (name === 'uipvs_packets_total') verdicts[label] = Number(value);
    if (name === 'uipvs_drops_total') drops[label] = Number(value);
    if (label === '') totals.set(name ?? '', Number(value));
    const share = RECEIVED[name ?? ''];
    if (share !== undefined) received = (received ?? 0) + share * Number(value);
  }
  if (received === undefined)
    throw new Error(`Expected the series of uipvsd but received ${text.slice(0, 200)}`);
  const total = (name: string): number => totals.get(`uipvs_${name}_total`) ?? 0;
  return {
    received,
    verdicts,
    drops,
    connectionsCreated: total('connections_created'),
    fragmentsKept: total('fragments_kept'),
  };
}
