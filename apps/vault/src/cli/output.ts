import Table from 'cli-table3';

/** Exit codes of the `alter` command (configuration.md). */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  notSignedIn: 3,
  notFound: 4,
  conflict: 5,
  rateLimited: 6,
} as const;

/** The exit code that stands for an error code of the vault. */
export function findExitCode(code: string): number {
  if (/^(|grant_|session_|secret_|audit_record_)not_found$/.test(code)) return exitCodes.notFound;
  if (code === 'rate_limit_exceeded') return exitCodes.rateLimited;
  if (code === 'rotation_refused') return exitCodes.conflict;
  if (code === 'settings_conflict' || code === 'ambiguous_grant' || code === 'provider_not_configured') {
    return exitCodes.conflict;
  }
  if (
    code === 'invalid_key' ||
    code === 'key_expired' ||
    code === 'key_revoked' ||
    code === 'missing_signature'
  ) {
    return exitCodes.notSignedIn;
  }
  return exitCodes.error;
}

/** Prints a value for programs. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}

/** Prints rows for people. */
export function printTable(head: readonly string[], rows: readonly (readonly unknown[])[]): void {
  if (rows.length === 0) {
    console.log('none');
    return;
  }
  const isColored = process.stdout.isTTY === true;
  const table = new Table({
    head: [...head],
    style: { head: isColored ? ['bold'] : [], border: [], compact: true },
  });
  for (const row of rows) table.push(row.map((cell) => stripControls(cell === null ? '' : String(cell))));
  console.log(table.toString());
}

/** Text of others must not steer the terminal. */
export function stripControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the terminal
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
