// One more vault on the same PostgreSQL: rotates the key of an app slowly, and prints how far it is after each batch, until it is killed.
import pino from 'pino';
import { loadConfig } from '../../src/config.js';
import { beginAppRotations } from '../../src/keys/rotation/begin-app-rotation.js';
import { driveRotations } from '../../src/keys/rotation/drive-rotations.js';
import { readPosition } from '../../src/keys/rotation/rotation-position.js';
import { openVault } from '../../src/open-vault.js';
import { listRunningRotations } from '../../src/storage/keys/rotations.js';

const { environment, schema, slug } = JSON.parse(process.argv[2] ?? '{}');
const { deps } = await openVault(loadConfig(environment), { log: pino({ level: 'silent' }), schema });
await beginAppRotations(deps, { slug });
setInterval(async () => {
  const [row] = await listRunningRotations(deps.storage);
  if (row) process.stdout.write(`seen ${String(readPosition(row).seen).padStart(6, '0')} ${row.phase}\n`);
}, 20);
const { signal } = new AbortController();
await driveRotations(deps, { signal, isWaiting: true, pauseFactor: 40 });
process.stdout.write('done\n');
