/** The text of /proc/net/ip_vs_conn. */
import type { ConnectionListing } from '../ipvs/listing.js';
import { hex, procAddress } from './hex.js';

const HEAD = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';

/**
 * The file, a piece of text for a piece of the table.
 * Source: net/netfilter/ipvs/ip_vs_conn.c, ip_vs_conn_seq_show.
 */
export function* procConnections(pieces: Iterable<readonly ConnectionListing[]>): Generator<string> {
  yield HEAD;
  for (const connections of pieces) {
    let piece = '';
    for (const connection of connections) piece += connectionLine(connection);
    yield piece;
  }
}

function connectionLine(connection: ConnectionListing): string {
  const client = endpoint(connection.clientAddress, connection.clientPort);
  const virtual = endpoint(connection.virtualAddress, connection.virtualPort);
  const real = endpoint(connection.realAddress, connection.realPort);
  const state = connection.state.padEnd(11);
  const expires = String(connection.expiresSeconds).padStart(7);
  const { persistenceEngine, persistenceData } = connection;
  const engine = persistenceData ? ` ${persistenceEngine} ${persistenceData}` : '';
  return `${connection.protocol.padEnd(3)} ${client} ${virtual} ${real} ${state} ${expires}${engine}\n`;
}

function endpoint(address: string, port: number): string {
  return `${procAddress(address)} ${hex(port, 4)}`;
}
