/** What can go wrong between the vaults and a provider. */
export const providerFaultKinds = [
  'provider_slow',
  'provider_cut_before',
  'provider_cut_after',
  'provider_cut_in_answer',
  'provider_half_open',
  'provider_refused',
  'provider_server_error',
  'provider_html',
  'provider_rate_limit',
  'provider_invalid_client',
  'provider_duplicate',
] as const;

/** What can go wrong with the processes of the vault. `holder` is the one whose refresh is at the provider. */
export const processFaultKinds = [
  'kill',
  'kill_holder_before',
  'kill_holder_after',
  'stop',
  'stop_holder',
  'clock_forward',
  'clock_back',
  'stale_refusal',
] as const;

/** What can go wrong with PostgreSQL, or on the way to it. */
export const postgresFaultKinds = [
  'database_cut_one',
  'database_cut_all',
  'database_half_open',
  'database_delay',
  'connections_exhausted',
  'postgres_restart',
  'standby_promoted',
  'commits_hang',
] as const;

/** What can go wrong with a SQLite file. */
export const sqliteFaultKinds = ['disk_full'] as const;

/** One kind of fault between vault and provider. */
export type ProviderFaultKind = (typeof providerFaultKinds)[number];
/** One kind of fault of a process or of the database. */
export type SystemFaultKind =
  | (typeof processFaultKinds)[number]
  | (typeof postgresFaultKinds)[number]
  | (typeof sqliteFaultKinds)[number];

/** Which kinds concern the way to the database or the database itself. */
export function isDatabaseFault(kind: string): boolean {
  return [...postgresFaultKinds, ...sqliteFaultKinds].some((known) => known === kind);
}
