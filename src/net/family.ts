/** Address family by IP version. */
export type Family = 4 | 6;

/** The protocols a virtual service can have. */
export type ProtocolName = 'tcp' | 'udp' | 'sctp';
