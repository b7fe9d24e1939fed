// Lockfiles name no host: an install takes packages from whatever registry the machine is set up for.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const files = execFileSync('git', ['ls-files', '*pnpm-lock.yaml', '*package-lock.json'], { encoding: 'utf8' })
  .trim()
  .split('\n');
const wrong = files.flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line, index) => ({ line, place: `${file}:${index + 1}` }))
    .filter(({ line }) => /"resolved":|tarball:|resolution:.*https?:\/\//.test(line)),
);
for (const { place, line } of wrong) console.error(`${place}: ${line.trim()}`);
console.log(`${files.length} lockfiles, ${wrong.length} lines with a host`);
process.exit(wrong.length === 0 && files.length > 0 ? 0 : 1);
