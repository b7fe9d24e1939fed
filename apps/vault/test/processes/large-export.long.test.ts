import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chainHashHex, genesisHash } from '@alter-ai/core-crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeRecordText, writeRecordText } from '../../src/audit/append/record-text.js';
import { makeFolder } from './server-process.js';

const records = 300_000;
const heapMegabytes = 64;
const chainIds = ['0199a2f4-7c11-7000-8000-000000000001', '0199a2f4-7c11-7000-8000-000000000002'] as const;

describe('verification of a large export', { timeout: 240_000 }, () => {
  const folder = makeFolder();
  afterAll(() => folder.remove());
  const path = (name: string) => join(folder.path, name);
  beforeAll(async () => {
    // One with a record that was changed, one from which a record was removed: what follows must not be kept in memory.
    await writeExports({
      whole: () => 'same',
      changed: (at) => (at === 100_000 ? 'change' : 'same'),
      cut: (at) => (at === 5 ? 'drop' : 'same'),
    });
  }, 240_000);

  async function writeExports(files: Record<string, (at: number) => 'same' | 'change' | 'drop'>) {
    const outputs = Object.entries(files).map(([name, decide]) => ({
      decide,
      file: createWriteStream(path(name)),
    }));
    const chains = chainIds.map((id) => ({ id, hash: genesisHash(id).toString('hex'), sequence: 0 }));
    for (let index = 0; index < records; index += 1) {
      const chain = chains[index % 2] ?? { id: '', hash: '', sequence: 0 };
      chain.sequence += 1;
      const text = completeRecordText(
        writeRecordText(
          {
            kind: 'access.retrieve',
            appId: 'app',
            reason: 'r'.repeat(300),
            context: { index: String(index) },
          },
          {
            id: `0199a2f4-7c11-7000-9000-${index.toString(16).padStart(12, '0')}`,
            at: 1_790_000_000_000 + index,
          },
        ),
        chain.id,
        chain.sequence,
      );
      chain.hash = chainHashHex(chain.hash, text);
      const line = `${text.slice(0, -1)},"hash":"${chain.hash}"}\n`;
      for (const { decide, file } of outputs) {
        const decision = decide(index);
        if (decision === 'drop') continue;
        const written = decision === 'change' ? line.replace('rrr', 'rrq') : line;
        if (!file.write(written)) await once(file, 'drain');
      }
    }
    await Promise.all(outputs.map(({ file }) => new Promise<void>((resolve) => file.end(resolve))));
  }

  async function verify(name: string) {
    const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const args = [`--max-old-space-size=${heapMegabytes}`, command, 'audit', 'verify', '--file', path(name)];
    const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH ?? '' } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
    const [code] = await once(child, 'close');
    return [code, output.trim()];
  }

  it('A3: takes no more memory for a larger file, also when records were changed or removed', async () => {
    expect(statSync(path('whole')).size).toBeGreaterThan(2 * heapMegabytes * 1024 * 1024);
    expect(await verify('whole')).toEqual([0, `intact: ${records} records in 2 chains`]);
    expect(await verify('changed')).toEqual([
      1,
      `line 100001, record 50001 of chain ${chainIds[0]}: was changed, or stands in another place`,
    ]);
    expect(await verify('cut')).toEqual([1, `record 3 of chain ${chainIds[1]}: is missing`]);
  });
});
