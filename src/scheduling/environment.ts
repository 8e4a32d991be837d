/** What schedulers need of the world around them; the daemon gives it, tests give one of their own. */
export interface SchedulerEnvironment {
  /** Milliseconds since any fixed moment, never going back. */
  nowMs(): number;
  /** A random number of [0, 1). Need not be hard to guess. */
  random(): number;
  /**
   * The sysctl net.ipv4.vs.lblc_expiration or lblcr_expiration: seconds, 86400 unless changed. Asked anew whenever it
   * matters.
   */
  expirationSeconds(scheduler: 'lblc' | 'lblcr'): number;
}
