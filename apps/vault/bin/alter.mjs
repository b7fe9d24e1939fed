#!/usr/bin/env node
// `npx alter` inside the clone: the command runs on the Node that the clone brings, whatever the machine's own is.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const command = join(folder, 'dist', 'cli', 'main.js');
const ownNode = join(folder, '..', '..', 'tools', 'node_modules', '.bin', 'node');

if (!existsSync(command)) {
  console.error('The command is not built yet: run `npm start` or `npm test` once.');
  process.exit(1);
}
const isNew = Number(process.versions.node.split('.')[0]) >= 22;
const result = spawnSync(isNew ? process.execPath : ownNode, [command, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exit(result.status ?? 1);
