/** Source: IANA, Assigned Internet Protocol Numbers. */
export const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;
