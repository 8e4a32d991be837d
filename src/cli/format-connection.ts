/** The lines of `-L -c`. */
import type { ConnectionListing } from '../ipvs/listing.js';
import type { EndpointFormatter } from './name-book.js';

/** The two title lines; `hasEngineColumns` names the columns of persistence engines too. */
export function formatConnectionTitle(hasEngineColumns: boolean): string {
  const columns = 'pro expire state       source             virtual            destination';
  const engine = hasEngineColumns ? '        pe name          pe_data' : '';
  return `IPVS connection entries\n${columns}${engine}\n`;
}

/**
 * One connection. Minutes are not wrapped to hours. `hasEngineColumns` shows a template's engine and what that took
 * from the packet, not quite below their titles: so does ipvsadm.
 */
export function formatConnection(
  connection: ConnectionListing,
  hasEngineColumns: boolean,
  formatName: EndpointFormatter,
): string {
  const protocol = connection.protocol.toLowerCase();
  const seconds = Math.max(0, Math.floor(connection.expiresSeconds));
  const expire = `${twoDigits(Math.floor(seconds / 60))}:${twoDigits(seconds % 60)}`;
  const client = formatName(connection.clientAddress, connection.clientPort, protocol);
  const virtual = formatName(connection.virtualAddress, connection.virtualPort, protocol);
  const real = formatName(connection.realAddress, connection.realPort, protocol);
  const head = `${connection.protocol.padEnd(3)} ${expire.padEnd(6)} ${connection.state.padEnd(11)}`;
  const line = `${head} ${client.padEnd(18)} ${virtual.padEnd(18)}`;
  const { persistenceEngine: engine, persistenceData: data } = connection;
  if (!hasEngineColumns || !engine || !data) return `${line} ${real}\n`;
  return `${line} ${real.padEnd(16)} ${engine.padEnd(18)} ${data}\n`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
