/** Carries out the commands that list. */
import type { ConnectionListing, ServiceListing } from '../ipvs/listing.js';
import type { ServiceKey } from '../ipvs/specification.js';
import type { Command, ListOptions } from './command.js';
import { EXIT_LIST_FAILED, EXIT_OK } from './command-line-error.js';
import type { Conversation } from './conversation.js';
import { formatConnection, formatConnectionTitle } from './format-connection.js';
import { formatService, formatTitle, formatVersion } from './format-list.js';
import { formatSavedService } from './format-save.js';
import { type EndpointFormatter, formatNumericEndpoint, NameBook } from './name-book.js';
import { type Outcome, outcome } from './outcome.js';
import { isRefusal, refusalText } from './refusal.js';
import { sortDestinations, sortServices } from './sort.js';

export type ListCommand = Extract<
  Command,
  { kind: 'list' | 'list-connections' | 'list-timeouts' | 'list-daemons' | 'drops' | 'save' }
>;

/** Prints what is asked for. A refusal is printed too, and ends a restore. Throws as Conversation.client does. */
export async function executeList(command: ListCommand, conversation: Conversation): Promise<Outcome> {
  try {
    await list(command, conversation);
    return outcome(EXIT_OK);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    conversation.output.err(`${refusalText(error)}\n`);
    return outcome(EXIT_LIST_FAILED, true);
  }
}

async function list(command: ListCommand, conversation: Conversation): Promise<void> {
  switch (command.kind) {
    case 'list':
      return listServices(command.key, command.options, conversation);
    case 'list-connections':
      return listConnections(command.isNumeric, command.hasEngineColumns, conversation);
    case 'list-timeouts':
      return listTimeouts(conversation);
    case 'drops':
      return listDrops(command.isExact, conversation);
    case 'save':
      return save(command.isNumeric, conversation);
    default:
      // No connection synchronisation, so no daemon of it runs: ipvsadm then prints nothing.
      await conversation.client();
      return;
  }
}

async function listServices(
  key: ServiceKey | undefined,
  options: ListOptions,
  conversation: Conversation,
): Promise<void> {
  const client = await conversation.client();
  const [info, services] = await Promise.all([
    key === undefined ? client.request({ op: 'info' }) : undefined,
    collect(client.services(key)),
  ]);
  const formatName = await nameFormatter(options.isNumeric, services.flatMap(addressesOf), conversation);
  // A service listed alone has no version line.
  const head = info === undefined ? '' : formatVersion(info);
  conversation.output.out(head + formatTitle(options.format));
  for (const service of options.isSorted ? sortServices(services) : services) {
    const destinations = options.isSorted ? sortDestinations(service.destinations) : service.destinations;
    conversation.output.out(formatService(service, destinations, options, formatName));
  }
}

async function save(isNumeric: boolean, conversation: Conversation): Promise<void> {
  const client = await conversation.client();
  const services = await collect(client.services());
  const formatName = await nameFormatter(isNumeric, services.flatMap(addressesOf), conversation);
  for (const service of sortServices(services)) {
    conversation.output.out(formatSavedService(service, sortDestinations(service.destinations), formatName));
  }
}

async function listConnections(
  isNumeric: boolean,
  hasEngineColumns: boolean,
  conversation: Conversation,
): Promise<void> {
  const client = await conversation.client();
  const names = isNumeric
    ? undefined
    : new NameBook(conversation.surroundings.services, conversation.surroundings.resolver);
  let head = formatConnectionTitle(hasEngineColumns);
  for await (const part of client.stream({ op: 'connections' })) {
    await names?.learn(part.flatMap(connectionAddresses));
    const formatName = names?.format ?? formatNumericEndpoint;
    conversation.output.out(
      head + part.map((connection) => formatConnection(connection, hasEngineColumns, formatName)).join(''),
    );
    head = '';
  }
  if (head !== '') conversation.output.out(head);
}

async function listTimeouts(conversation: Conversation): Promise<void> {
  const client = await conversation.client();
  const { tcp, tcpFin, udp } = await client.request({ op: 'timeouts' });
  conversation.output.out(`Timeout (tcp tcpfin udp): ${tcp} ${tcpFin} ${udp}\n`);
}

async function listDrops(isExact: boolean, conversation: Conversation): Promise<void> {
  const client = await conversation.client();
  const [counters, { formatDrops }] = await Promise.all([
    client.request({ op: 'drops' }),
    import('./format-drops.js'),
  ]);
  conversation.output.out(formatDrops(counters, isExact));
}

async function nameFormatter(
  isNumeric: boolean,
  addresses: readonly string[],
  conversation: Conversation,
): Promise<EndpointFormatter> {
  if (isNumeric) return formatNumericEndpoint;
  const names = new NameBook(conversation.surroundings.services, conversation.surroundings.resolver);
  await names.learn(addresses);
  return names.format;
}

/** The order of a listing is that of all of it, so it is here as a whole; the daemon only ever makes a piece. */
async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function addressesOf(service: ServiceListing): string[] {
  const own = service.key.kind === 'address' ? [service.key.address] : [];
  return [...own, ...service.destinations.map((destination) => destination.address)];
}

function connectionAddresses(connection: ConnectionListing): string[] {
  return [connection.clientAddress, connection.virtualAddress, connection.realAddress];
}
