// `npm run mutation`: small mistakes built into core-policy and core-crypto one by one, to see that a test fails for each. Ends with 1
// where fewer are found than the `break` of a package's stryker.config.json, in percent.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [program, ...args] = ['pnpm', 'exec', 'stryker', 'run'];
let failures = 0;
for (const name of ['core-policy', 'core-crypto']) {
  console.log(`\n${name}`);
  const { status } = spawnSync(program, args, {
    cwd: join(root, 'packages', name),
    stdio: 'inherit',
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  if (status !== 0) failures += 1;
}
process.exit(failures === 0 ? 0 : 1);
