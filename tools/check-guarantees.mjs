// Every number of docs/guarantees.md with the tests that prove it; fails when a number has none.
// With --reports only tests count that the last run reports as passed, else those that are written.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isFromReports = process.argv.includes('--reports');
const page = readFileSync(join(root, 'docs', 'guarantees.md'), 'utf8');
const numbers = [...page.matchAll(/^\| ([A-Z]\d{1,2}) \|/gm)].map((match) => match[1]);

/** The numbers at the head of a test's name: `R2 R10: ...`, `F4, F6: ...`, `K1 to K3: ...` name each end. */
function readNumbers(name) {
  return [...name.matchAll(/\b([A-Z])(\d{1,2})\b(?=[^:]*:)/g)].map((match) => `${match[1]}${match[2]}`);
}

function* listWritten() {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  }).split('\n');
  for (const file of files.filter((path) => /\.(test|spec)\.tsx?$/.test(path))) {
    if (!existsSync(join(root, file))) continue;
    const text = readFileSync(join(root, file), 'utf8');
    for (const match of text.matchAll(
      /(?:\bit|\btest|\bdescribe|forEachDatabase|describeBothDatabases)\b[^\n]*?\(\s*(['"`])((?:(?!\1).)+)\1/g,
    ))
      yield { file, name: match[2] };
  }
}

function* listSpecs(suite, titles) {
  for (const spec of suite.specs ?? [])
    if (spec.tests.some((test) => test.status === 'expected'))
      yield { file: `apps/e2e/${spec.file}`, name: [...titles, spec.title].join(' ') };
  for (const inner of suite.suites ?? []) yield* listSpecs(inner, [...titles, inner.title]);
}

function* listPassed() {
  const read = (name) => {
    const path = join(root, 'reports', name);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  };
  for (const name of ['vitest.json', 'long-vitest.json'])
    for (const result of read(name)?.testResults ?? [])
      for (const test of result.assertionResults)
        if (test.status === 'passed') yield { file: relative(root, result.name), name: test.fullName };
  for (const name of ['playwright.json', 'long-playwright.json', 'clients-playwright.json'])
    for (const suite of read(name)?.suites ?? []) yield* listSpecs(suite, []);
}

const tests = new Map(numbers.map((number) => [number, []]));
for (const test of isFromReports ? listPassed() : listWritten())
  for (const number of new Set(readNumbers(test.name))) tests.get(number)?.push(test);

let missing = 0;
for (const [number, proofs] of tests) {
  if (proofs.length === 0) missing += 1;
  const files = [...new Set(proofs.map((proof) => proof.file))];
  console.log(
    `${number.padEnd(4)}${proofs.length === 0 ? 'NO TEST' : `${proofs.length} tests: ${files.slice(0, 3).join(', ')}${files.length > 3 ? `, and ${files.length - 3} files more` : ''}`}`,
  );
}
console.log(
  `${numbers.length - missing} of ${numbers.length} guarantees have a test that ${isFromReports ? 'passed' : 'is written'}`,
);
process.exit(missing === 0 ? 0 : 1);
