import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type AuditTrail, createAuditTrail } from '../src/vault/audit-trail.js';

let folder: string;
let trail: AuditTrail;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-trail-'));
});
afterEach(() => {
  trail.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A program in the command's place that prints what it was told, and ends or stays. */
function startTrail(program: string, recordsMax = 10): AuditTrail {
  const command = join(folder, 'command.mjs');
  writeFileSync(command, program);
  trail = createAuditTrail({ command, env: { FOLDER: folder }, recordsMax });
  return trail;
}

const stay = 'setInterval(() => {}, 1000);';
const readKinds = () => trail.read().map((record) => record.kind);

it('keeps the newest records of the running command', async () => {
  startTrail(`for (const kind of ['a', 'b', 'c']) console.log(JSON.stringify({ kind })); ${stay}`, 2);
  await vi.waitFor(() => expect(readKinds()).toEqual(['b', 'c']), { timeout: 5000 });
});

it('gives the command its own environment and nothing of the demo’s', async () => {
  startTrail(`console.log(JSON.stringify({ kind: Object.keys(process.env).join() })); ${stay}`);
  await vi.waitFor(() => expect(readKinds()).toEqual(['FOLDER']), { timeout: 5000 });
});

it('starts the command again when it has ended', async () => {
  startTrail(`
    import { existsSync, writeFileSync } from 'node:fs';
    const seen = process.env.FOLDER + '/seen';
    const kind = existsSync(seen) ? 'second' : 'first';
    writeFileSync(seen, '');
    console.log(JSON.stringify({ kind }));
    if (kind === 'second') ${stay}
  `);
  await vi.waitFor(() => expect(readKinds()).toEqual(['second']), { timeout: 5000 });
});
