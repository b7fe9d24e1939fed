// Types of everything, tests included: the builds leave tests out.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const members = ['packages', 'apps']
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
  .concat('bench')
  .filter((member) => existsSync(join(root, member, 'tsconfig.json')));
const compiler = join(root, 'node_modules', '.bin', 'tsc');
let failed = 0;
for (const member of members) {
  const result = spawnSync(compiler, ['-p', join(root, member, 'tsconfig.json'), '--noEmit'], {
    encoding: 'utf8',
  });
  if (result.status === 0) continue;
  failed += 1;
  console.error(`${member}:\n${result.stdout}${result.stderr}`);
}
console.log(`${members.length} members, ${failed} with type errors`);
process.exit(failed === 0 && members.length > 0 ? 0 : 1);
