/** What one client process has to do. */
export interface CallerJob {
  readonly apiKey: string;
  /** Of the vaults; the call of index n begins with the n-th. */
  readonly ports: readonly number[];
  readonly calls: readonly { readonly grantId: string; readonly url: string }[];
  /** How long a call goes on trying. */
  readonly patienceMs: number;
  readonly isKeepingTokens: boolean;
}

/** What came of it. */
export interface CallerReport {
  readonly outcomes: Record<string, { ok: number; needsUser: number; other: number }>;
  /** The most requests that were open at one moment. */
  inFlightMax: number;
  attempts: number;
  /** How often a call was made again, by the reason. */
  readonly retries: Record<string, number>;
  readonly unexpected: string[];
  readonly tokens: Record<string, string>;
}

/** One in which nothing has come yet. */
export function createReport(): CallerReport {
  return { outcomes: {}, inFlightMax: 0, attempts: 0, retries: {}, unexpected: [], tokens: {} };
}
