import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { BackupRefusedError } from '../storage/backup/backup-facts.js';
import { type BackupManifest, manifestSchema, sealSchema } from './manifest.js';

/** A backup that is whole. */
export interface BackupFile {
  readonly manifest: BackupManifest;
  readonly sha256: string;
  /** The payload, unpacked. */
  read(): AsyncIterable<Buffer>;
}

const manifestBytesMax = 64 * 1024;
const sealBytesMax = 256;

/** Opens a backup and reads it once to compare its hash, so that nothing is begun with a damaged one. Throws BackupRefusedError. */
export async function openBackupFile(path: string): Promise<BackupFile> {
  const { manifest, payloadStart, sealed } = await readEnds(path);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { end: sealed.bytes - 1 }), hash);
  if (hash.digest('hex') !== sealed.sha256)
    throw refuse(path, 'its content is not what it was when it was made');
  return {
    manifest,
    sha256: sealed.sha256,
    read: () => unpack(path, payloadStart, sealed.bytes - 1),
  };
}

async function* unpack(path: string, start: number, end: number): AsyncGenerator<Buffer, void, undefined> {
  const gunzip = createGunzip();
  const feeding = pipeline(createReadStream(path, { start, end }), gunzip);
  // Its failure also ends the loop; without a listener it would end the process first.
  feeding.catch(() => {});
  for await (const chunk of gunzip) yield chunk as Buffer;
  await feeding;
}

async function readEnds(path: string) {
  const handle = await openToRead(path);
  try {
    const { size } = await handle.stat();
    const head = await readAt(handle, 0, Math.min(size, manifestBytesMax));
    const lineEnd = head.indexOf('\n');
    const manifest = manifestSchema.safeParse(parseJson(head.subarray(0, Math.max(0, lineEnd))));
    if (lineEnd < 0 || !manifest.success) throw refuse(path, 'it is no backup that this version can read');
    const tail = await readAt(handle, Math.max(0, size - sealBytesMax), Math.min(size, sealBytesMax));
    const sealStart = tail.lastIndexOf('\n{');
    const sealed = sealSchema.safeParse(parseJson(tail.subarray(Math.max(0, sealStart))));
    const isWhole = sealed.success && sealed.data.bytes === size - (tail.length - sealStart);
    if (!isWhole) throw refuse(path, 'it is not whole');
    return { manifest: manifest.data, payloadStart: lineEnd + 1, sealed: sealed.data };
  } finally {
    await handle.close();
  }
}

async function openToRead(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw refuse(path, `it cannot be read (${code})`);
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function refuse(path: string, reason: string): BackupRefusedError {
  return new BackupRefusedError('backup_unusable', `${path} cannot be restored: ${reason}.`);
}
