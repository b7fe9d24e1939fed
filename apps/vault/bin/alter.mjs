#!/usr/bin/env node
// `npx alter` inside the clone: the command runs on the Node that the clone brings, whatever the machine's own is.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const command = join(folder, 'dist', 'cli', 'main.js');
const platform = process.platform === 'win32' ? 'win' : process.platform;
const ownNode = join(
  ...[folder, '..', '..', 'tools', 'node_modules', `node-${platform}-${process.arch}`, 'bin'],
  process.platform === 'win32' ? 'node.exe' : 'node',
);

if (!existsSync(command)) {
  console.error('The command is not built yet: run `npm start` or `npm test` once.');
  process.exit(1);
}
const isNew = Number(process.versions.node.split('.')[0]) >= 22;
const child = spawn(isNew ? process.execPath : ownNode, [command, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// A terminal's own signals reach the command without being passed on, and a second one would cut off its orderly end.
const isOnTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
for (const signal of signals) {
  process.on(signal, () => {
    if (signal === 'SIGTERM' || !isOnTerminal) child.kill(signal);
  });
}
child.on('error', (error) => {
  console.error(`The command cannot be started: ${error.code}`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code);
  // Ends as the command did: whoever started it sees the same signal.
  for (const each of signals) process.removeAllListeners(each);
  process.kill(process.pid, signal);
});
