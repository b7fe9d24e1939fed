import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What the operating systems take as the address of a local socket, less a little. */
const pathBytesMax = 100;

/**
 * Where the admin socket of a data directory is: in it, or, where that path is too long for a socket, below the system's
 * temporary directory in a folder of one's own.
 */
export function findAdminSocketPath(dataDir: string): { path: string; folder: string } {
  const folder = resolve(dataDir);
  const path = join(folder, 'admin.sock');
  if (Buffer.byteLength(path) <= pathBytesMax) return { path, folder };
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 24);
  const own = join(tmpdir(), `alter-vault-${process.getuid?.() ?? 0}-${name}`);
  return { path: join(own, 'admin.sock'), folder: own };
}

/**
 * Whether a folder is this user's own, and no link to another. Both ends of the socket ask: below the temporary directory anybody
 * may have made a folder of that name first.
 */
export function isOwnFolder(folder: string): boolean {
  const facts = lstatSync(folder, { throwIfNoEntry: false });
  return facts?.isDirectory() === true && (!process.getuid || facts.uid === process.getuid());
}
