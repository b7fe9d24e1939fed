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
  if (code === 'rotation_refused' || code === 'grant_revoked') return exitCodes.conflict;
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

/** Prints rows for people; on a terminal no wider than it is. */
export function printTable(head: readonly string[], rows: readonly (readonly unknown[])[]): void {
  const { isTTY, columns } = process.stdout;
  console.log(renderTable(head, rows, isTTY ? { width: columns, isColored: true } : {}));
}

/** Of a table that has to be narrower than its texts: characters of a column at least, while texts are that long. */
const columnCharactersMin = 12;

/**
 * Rows as a table. Where it would be wider than `width` characters, texts are broken over lines; where that leaves too little room, the
 * rows stand one below the other, a line for each column. Nothing is left out.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly unknown[])[],
  options: { width?: number | undefined; isColored?: boolean } = {},
): string {
  if (rows.length === 0) return 'none';
  const texts = rows.map((row) => row.map((cell) => stripControls(cell === null ? '' : String(cell))));
  const lengths = head.map((title, index) =>
    Math.max(title.length, ...texts.map((row) => row[index]?.length ?? 0)),
  );
  // Each column has a space on both sides and a border before it; one border ends the row.
  const room = (options.width ?? Number.POSITIVE_INFINITY) - 3 * head.length - 1;
  const sumUpTo = (cap: number) => lengths.reduce((sum, length) => sum + Math.min(length, cap), 0);
  let cap = Math.max(columnCharactersMin, ...lengths);
  while (cap > columnCharactersMin && sumUpTo(cap) > room) cap -= 1;
  if (sumUpTo(cap) > room) {
    const records = texts.map((row) =>
      row.map((text, index) => `${head[index] || ' '}: ${text}`.trimEnd()).join('\n'),
    );
    return records.join('\n\n');
  }
  const table = new Table({
    head: head.map((title) => wrapText(title, cap)),
    style: { head: options.isColored ? ['bold'] : [], border: [], compact: true },
  });
  for (const row of texts) table.push(row.map((text) => wrapText(text, cap)));
  return table.toString();
}

/** Breaks at spaces where it can, and ids and addresses, which have none, anywhere. */
function wrapText(text: string, width: number): string {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest].join('\n');
}

/** Text of others must not steer the terminal. */
export function stripControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the terminal
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
