/** Every limit of the launcher port, with units. Tests inject smaller ones. */
export interface PortLimits {
  /** Largest request body, bytes. */
  readonly bodyBytes: number;
  /** Largest request head, bytes. */
  readonly headBytes: number;
  /** From the connection (or the last answer) to the end of the next request's head, milliseconds. */
  readonly headMs: number;
  /** From the connection to the end of the request's body, milliseconds. */
  readonly requestMs: number;
  /** How often both are looked at, milliseconds. */
  readonly checkEveryMs: number;
  /** An answer that its reader does not take within this is dropped, milliseconds (not for event streams). */
  readonly answerMs: number;
  /** Idle time between two requests of one connection, milliseconds. */
  readonly keepAliveMs: number;
  readonly requestsPerConnection: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** How long an address may exceed its share, so that requests that came along are read, milliseconds. */
  readonly settleMs: number;
  readonly eventStreams: number;
  readonly eventStreamsPerAddress: number;
  /** A reader of events that takes nothing for this long is dropped, milliseconds; one event at most waits for it. */
  readonly eventDrainMs: number;
  readonly heartbeatMs: number;
  /** After this a stream ends and the client resumes, so that a revoked token does not listen for ever. */
  readonly eventStreamMs: number;
  /** Longest wait of a long poll, seconds. */
  readonly pollSeconds: number;
  /** Refused credentials per address and minute before 429. */
  readonly failuresPerMinute: number;
  readonly ticketMs: number;
  /** A token that came with an order outlives its update by this. */
  readonly updateTokenAfterMs: number;
  /** Pause between attempts to bind a TCP port that somebody else holds, milliseconds. */
  readonly rebindMs: number;
}

export const PORT_LIMITS: PortLimits = {
  bodyBytes: 64 * 1024,
  headBytes: 8 * 1024,
  // With the check interval a connection without a head is gone within 10 s.
  headMs: 9_000,
  requestMs: 30_000,
  checkEveryMs: 500,
  answerMs: 30_000,
  keepAliveMs: 5_000,
  requestsPerConnection: 100,
  connections: 512,
  connectionsPerAddress: 64,
  settleMs: 100,
  eventStreams: 64,
  eventStreamsPerAddress: 16,
  eventDrainMs: 10_000,
  heartbeatMs: 15_000,
  eventStreamMs: 3_600_000,
  pollSeconds: 30,
  failuresPerMinute: 10,
  ticketMs: 60_000,
  updateTokenAfterMs: 3_600_000,
  rebindMs: 30_000,
};
