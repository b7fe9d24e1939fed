// `npm run figures`: the figures of R (docs/guarantees.md) as one table; ends with 1 if any of them is not as promised.
import { parseArgs } from 'node:util';
import { modes } from './modes.js';
import { runFigures } from './run-figures.js';
import { writeTable } from './table.js';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '10000' },
    credentials: { type: 'string', default: '200' },
    kills: { type: 'string', default: '4' },
    'delay-ms': { type: 'string', default: '7500' },
    mode: { type: 'string', multiple: true },
    together: { type: 'boolean', default: false },
  },
});
const databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) throw new Error('DATABASE_URL names no PostgreSQL server');

const chosen = modes.filter((mode) => values.mode === undefined || values.mode.includes(mode.id));
const groups = values.together ? [chosen] : chosen.map((mode) => [mode]);
const options = {
  databaseUrl,
  calls: Number(values.calls),
  credentials: Number(values.credentials),
  kills: Number(values.kills),
  delayMs: Number(values['delay-ms']),
  log: (line: string) => console.log(line),
};
const results = [];
for (const group of groups) {
  console.log(`mode ${group.map((mode) => `(${mode.id}) ${mode.title}`).join(', ')}`);
  results.push(await runFigures({ ...options, modes: group }));
}
const figures = results.flatMap((result) => result.figures);
console.log('');
console.log(writeTable(figures));
console.log(
  `\n${options.calls} calls at once in each wave (most requests open at one moment: ${Math.max(...results.map((result) => result.inFlightMax))}), 3 processes, ` +
    `answers after ${options.delayMs} ms, leases of 6000 ms, SIGKILL. Counts are the provider's own log.`,
);
const violations = figures.flatMap((each) => each.violations);
for (const violation of violations) console.log(`VIOLATION ${violation}`);
console.log(violations.length === 0 ? 'no violation' : `${violations.length} violations`);
process.exit(violations.length === 0 ? 0 : 1);
