import type { Endpoint } from '../../src/net/endpoint.js';
import type { ServerProtocol } from './scenario.js';

/** What an agent can be asked to do; one JSON object a line, with an `id` besides. */
export type AgentRequest =
  | {
      readonly do: 'serve';
      readonly name: string;
      readonly protocol: ServerProtocol;
      readonly port: number;
      readonly addresses: readonly string[];
    }
  | { readonly do: 'open'; readonly name: string; readonly source: Endpoint; readonly target: Endpoint }
  | { readonly do: 'ask' | 'close' | 'reset'; readonly name: string }
  | { readonly do: 'udp'; readonly source: Endpoint; readonly target: Endpoint }
  /** Close everything, and reset what was connected. */
  | { readonly do: 'forget' };

export type NumberedRequest = AgentRequest & { readonly id: number };

/** The agent's line in return: what an observer saw, or the error of a request that made no sense. */
export interface AgentReply {
  readonly id: number;
  readonly answer?: string;
  readonly error?: string;
}
