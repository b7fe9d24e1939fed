import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Every place where one of the marked secrets stands, in any spelling: `NAME in PLACE`. */
export function findMarks(
  marks: ReadonlyMap<string, string>,
  places: ReadonlyMap<string, Buffer>,
): readonly string[] {
  const found = [...marks].flatMap(([name, secret]) =>
    spell(secret).flatMap((spelling) =>
      [...places].filter(([, bytes]) => bytes.includes(spelling)).map(([place]) => `${name} in ${place}`),
    ),
  );
  return [...new Set(found)];
}

/** The bytes of every file in a folder, by a path that begins with `name`; backups unpacked as well. */
export function readFiles(folder: string, name: string): [path: string, bytes: Buffer][] {
  return listFiles(folder).flatMap((path) => {
    const place = path.replace(folder, name);
    const bytes = readFileSync(path);
    const payloadAt = bytes.indexOf(gzipStart) + 1;
    if (!path.includes('backup') || payloadAt === 0) return [[place, bytes]];
    const payload = bytes.subarray(payloadAt, bytes.lastIndexOf(lineFeed, -2));
    return [
      [place, bytes],
      [`${place} unpacked`, gunzipSync(payload)],
    ];
  });
}

/** A backup is a line of JSON, gzip, and another line. */
const gzipStart = Buffer.from([0x0a, 0x1f, 0x8b, 0x08]);
const lineFeed = 0x0a;

/** In base64 only what depends on the secret alone, wherever it begins in the encoded text. */
function spell(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const encoded = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  });
  return [
    secret,
    ...encoded,
    ...encoded.map((each) => each.replaceAll('+', '-').replaceAll('/', '_')),
    bytes.toString('hex'),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
}

function listFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stats = statSync(path);
    return stats.isDirectory() ? listFiles(path) : stats.isFile() ? [path] : [];
  });
}
