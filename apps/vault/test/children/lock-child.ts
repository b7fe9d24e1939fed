// Holds the lock of a data directory until it is killed.
import { acquireServerLock } from '../../src/storage/database/sqlite/server-lock.js';

const { dataDir } = JSON.parse(process.argv[2] ?? '{}');
acquireServerLock(dataDir);
setInterval(() => {}, 1_000);
process.stdout.write('locked\n');
