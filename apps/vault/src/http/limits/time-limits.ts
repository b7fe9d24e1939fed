/** How long what others do may take, in milliseconds (E4, T3). */
export interface TimeLimits {
  /** A proxied call, from the arrival of the request to the last byte of the provider's answer. */
  readonly callMs: number;
  /** In a streamed call, how long nothing may move in either direction. */
  readonly silenceMs: number;
  /** The part of a request's body that is read before anything is done. */
  readonly bodyMs: number;
}

/** Those of every server; tests have shorter ones. */
export const timeLimits: TimeLimits = { callMs: 90_000, silenceMs: 60_000, bodyMs: 60_000 };
