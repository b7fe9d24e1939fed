import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { BackupRefusedError } from '../storage/backup/backup-facts.js';
import type { BackupManifest } from './manifest.js';

/** What was written. */
export interface WrittenBackup {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Writes a backup: its manifest as a line of JSON, the payload gzipped, and a line with length and hash of it all. It gets its name
 * once it is whole and on the disk; whatever ends the work before leaves `FILE.partial` at most. Never replaces a file.
 */
export async function writeBackupFile(
  path: string,
  manifest: BackupManifest,
  payload: AsyncIterable<string | Uint8Array>,
): Promise<WrittenBackup> {
  refuseExisting(path);
  const partial = `${path}.partial`;
  const written = { bytes: 0, sha256: '' };
  try {
    // Only the owner may read it: what is secret is sealed, but names and addresses of people are not.
    await rm(partial, { force: true });
    const file = createWriteStream(partial, { mode: 0o600, flags: 'wx', flush: true });
    await pipeline(frame(manifest, payload, written), file);
    refuseExisting(path);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
  return written;
}

async function* frame(
  manifest: BackupManifest,
  payload: AsyncIterable<string | Uint8Array>,
  written: { bytes: number; sha256: string },
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  const count = (chunk: Buffer): Buffer => {
    hash.update(chunk);
    written.bytes += chunk.length;
    return chunk;
  };
  yield count(Buffer.from(`${JSON.stringify(manifest)}\n`));
  const gzip = createGzip({ level: 6 });
  const feeding = pipeline(Readable.from(payload), gzip);
  // Its failure also ends the loop; without a listener it would end the process first.
  feeding.catch(() => {});
  for await (const chunk of gzip) yield count(chunk as Buffer);
  await feeding;
  written.sha256 = hash.digest('hex');
  yield Buffer.from(`\n${JSON.stringify({ bytes: written.bytes, sha256: written.sha256 })}\n`);
}

function refuseExisting(path: string): void {
  if (existsSync(path)) {
    throw new BackupRefusedError('backup_unusable', `${path} is there already; a backup replaces no file.`);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
