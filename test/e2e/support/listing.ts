/** One destination line of `uipvsadm -Ln`. */
export interface ListedDestination {
  /** As printed: `10.1.0.11:80` or `[fd01::11]:80`. */
  readonly name: string;
  readonly weight: number;
  readonly active: number;
  readonly inactive: number;
}

const DESTINATION = /^ {2}-> (\S+) +(?:Masq|Local|Tunnel|Route) +(\d+) +(\d+) +(\d+) *$/gm;
const CONNECTION = /^(\S+) +\d+:\d\d +(\S+) +(\S+) +(\S+) +(\S+)$/gm;

/** One line of `uipvsadm -Lnc`; the ends as printed. */
export interface ListedConnection {
  readonly protocol: string;
  readonly state: string;
  readonly client: string;
  readonly virtual: string;
  readonly destination: string;
}

/** The destinations in a table of `uipvsadm -Ln`, top to bottom. */
export function parseDestinations(table: string): ListedDestination[] {
  return [...table.matchAll(DESTINATION)].map(([, name = '', weight, active, inactive]) => ({
    name,
    weight: Number(weight),
    active: Number(active),
    inactive: Number(inactive),
  }));
}

/** The connections in a table of `uipvsadm -Lnc`, top to bottom. */
export function parseConnections(table: string): ListedConnection[] {
  return [...table.matchAll(CONNECTION)].map(
    ([, protocol = '', state = '', client = '', virtual = '', destination = '']) => ({
      protocol,
      state,
      client,
      virtual,
      destination,
    }),
  );
}
