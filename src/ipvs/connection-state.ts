/** IP protocol numbers. Source: IANA, Assigned Internet Protocol Numbers. */
const TCP = 6;
const UDP = 17;
const SCTP = 132;

/** Source: net/netfilter/ipvs/ip_vs_proto_tcp.c, tcp_state_name_table; the index is the state's number. */
const TCP_STATES: readonly string[] = [
  'NONE',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'SYNACK',
];

/** Source: net/netfilter/ipvs/ip_vs_proto_udp.c, udp_state_name_table. */
const UDP_STATES: readonly string[] = ['UDP'];

/** Source: net/netfilter/ipvs/ip_vs_proto_sctp.c, sctp_state_name_table. */
const SCTP_STATES: readonly string[] = [
  'NONE',
  'INIT1',
  'INIT',
  'C-SENT',
  'C-REPLIED',
  'C-WAIT',
  'COOKIE',
  'C-ECHOED',
  'ESTABLISHED',
  'S-SENT',
  'S-RECEIVED',
  'S-ACK-SENT',
  'REJECTED',
  'CLOSED',
];

const STATES_BY_PROTOCOL: ReadonlyMap<number, readonly string[]> = new Map([
  [TCP, TCP_STATES],
  [UDP, UDP_STATES],
  [SCTP, SCTP_STATES],
]);

/**
 * What a connection listing calls a state: `NONE` for protocols without states, `ERR!` for a number the protocol does
 * not have.
 *
 * @param protocol IP protocol number
 * @param state the kernel's number of the state, as connection records and sync messages carry it
 *
 * Source: net/netfilter/ipvs/ip_vs_proto.c, ip_vs_state_name.
 */
export function connectionStateName(protocol: number, state: number): string {
  const states = STATES_BY_PROTOCOL.get(protocol);
  if (states === undefined) return 'NONE';
  return states[state] ?? 'ERR!';
}

/** Source: include/net/ip_vs.h, IP_VS_CTPL_S_NONE and IP_VS_CTPL_S_ASSURED; the index is the state's number. */
const TEMPLATE_STATES: readonly string[] = ['NONE', 'ASSURED'];

/**
 * What a connection listing calls the state of a persistence template: `ASSURED` once one of its connections was
 * established, `ERR!` for a number that is none.
 *
 * Source: net/netfilter/ipvs/ip_vs_proto.c, ip_vs_state_name.
 */
export function templateStateName(state: number): string {
  return TEMPLATE_STATES[state] ?? 'ERR!';
}
