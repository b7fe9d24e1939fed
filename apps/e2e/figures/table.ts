import type { Figures } from './judge.js';

/** Each row's words, and where its number stands. */
const rows: readonly [string, (figures: Figures) => string | number][] = [
  ['expired credentials', (of) => of.credentials],
  ['calls', (of) => of.calls],
  ['SIGKILLs', (of) => of.kills],
  ['refreshes they interrupted', (of) => of.interrupted],
  ['… before a byte was sent', (of) => of.interruptedUnsent],
  ['refresh requests that arrived', (of) => of.presented],
  ['… that the provider served', (of) => of.served],
  ['… served per credential', (of) => of.servedPerCredential],
  ['tokens spent twice', (of) => of.spentTwice],
  ['replays per kill, at most', (of) => of.replaysPerKill],
  ['replays outside the window', (of) => of.lateReplays],
  ['credentials lost', (of) => of.lost],
  ['needs_reauth', (of) => of.needsReauth],
  ['others touched', (of) => of.othersTouched],
  ['answers', (of) => of.answered],
];

/** One column for each mode. */
export function writeTable(figures: readonly Figures[]): string {
  const head = ['', ...figures.map((each) => `(${each.mode}) ${each.title}`)];
  const lines = [head, ...rows.map(([label, read]) => [label, ...figures.map((each) => String(read(each)))])];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
