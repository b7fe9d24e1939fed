import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createNonce } from '@alter-ai/core-crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyAudit } from '../../src/audit/verify-audit.js';
import { manifestSchema } from '../../src/backup/manifest.js';
import { readRestoreNote } from '../../src/backup/restore-note.js';
import { callToken, readJson } from '../access/token-call.js';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { describeBothDatabases } from '../harness.js';
import { backUp, createPlace, openRestored, type RestorePlace, restore } from './restored-vault.js';

describeBothDatabases('backup and restore', (kind) => {
  let stack: ConnectStack;
  let folder: string;
  let grantId: string;
  let offsetMs = 0;
  const places: RestorePlace[] = [];
  const clock = () => Date.now() + offsetMs;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alter-backup-'));
    stack = await startConnectStack(kind, { clock });
    grantId = (await connectAccount(stack.vault, { provider: 'acme' })).grant_id;
  });
  afterAll(async () => {
    await stack?.close();
    for (const place of places) await place.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const makePlace = async () => {
    const place = await createPlace(kind);
    places.push(place);
    return place;
  };
  const rootKey = () => stack.vault.deps.config.rootKey?.reveal() ?? '';

  it('F5: made while calls go on, it holds one moment; the restored copy answers, its keys open and its log verifies', async () => {
    const file = join(folder, 'while-serving.backup');
    let isMaking = true;
    const calls: Promise<number>[] = [];
    const load = async () => {
      while (isMaking) {
        const call = callToken(stack, { grant_id: grantId }).then((answer) => answer.status);
        calls.push(call);
        await call;
      }
    };
    const loads = [load(), load(), load()];
    const made = await backUp(stack.vault, file);
    isMaking = false;
    await Promise.all(loads);
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect([existsSync(`${file}.partial`), existsSync(`${file}.partial-copy`)]).toEqual([false, false]);

    const place = await makePlace();
    const manifest = await restore(place, file, { rootKey: rootKey(), nowMs: clock(), knowsAllNonces: true });
    expect(manifest).toEqual(made.manifest);
    const copy = await openRestored(place, stack.vault, clock);
    try {
      expect((await callToken({ ...stack, vault: copy }, { grant_id: grantId })).status).toBe(200);
      await copy.deps.audit.flush();
      expect(await verifyAudit(copy.deps)).toMatchObject({ isIntact: true, faults: [] });
      expect(copy.deps.keyring.countOpenFailures()).toBe(0);
      const { storage } = copy.deps;
      const [record] = await storage.db
        .selectFrom(
          `audit_${new Date(clock()).toISOString().slice(0, 7).replace('-', '_')}` as 'audit_records',
        )
        .select('record')
        .where('kind', '=', 'backup.restored')
        .execute();
      expect(JSON.parse(record?.record ?? '{}')).toMatchObject({
        details: { made_at: made.manifest.made_at, sha256: made.sha256 },
      });
      expect(await readRestoreNote(storage)).toMatchObject({ is_recorded: true });
    } finally {
      await copy.close();
    }
  });

  it('T1: what was accepted after the backup is not accepted again by the restored copy', async () => {
    const file = join(folder, 'replay.backup');
    await backUp(stack.vault, file);
    const nonce = createNonce();
    const timestampSeconds = Math.floor(clock() / 1000) + 250;
    const signed = { nonce, timestampSeconds };
    expect((await callToken(stack, { grant_id: grantId }, signed)).status).toBe(200);

    const place = await makePlace();
    await restore(place, file, { rootKey: rootKey(), nowMs: clock() });
    const copy = await openRestored(place, stack.vault, clock);
    const restored = { ...stack, vault: copy };
    try {
      const replayed = await callToken(restored, { grant_id: grantId }, signed);
      expect([replayed.status, Number(replayed.headers.get('retry-after'))]).toEqual([
        503,
        expect.closeTo(300, -1),
      ]);
      expect(await readJson(replayed)).toMatchObject({
        error: 'service_unavailable',
        retryable: true,
        message: expect.stringContaining('restored'),
      });
      offsetMs += 302_000;
      expect((await callToken(restored, { grant_id: grantId }, signed)).status).toBe(503);
      expect((await callToken(restored, { grant_id: grantId })).status).toBe(200);
    } finally {
      offsetMs -= 302_000;
      await copy.close();
    }
  });

  it('K4: a wrong root key is refused with the ids of both, before anything is written', async () => {
    const file = join(folder, 'wrong-key.backup');
    const made = await backUp(stack.vault, file);
    const place = await makePlace();
    const wrong = Buffer.alloc(32, 7).toString('base64');
    await expect(restore(place, file, { rootKey: wrong, nowMs: clock() })).rejects.toThrow(
      `The root key does not belong to this database: it was sealed with root key ${made.manifest.root_key_id}, and the given one is `,
    );
    await restore(place, file, { rootKey: rootKey(), nowMs: clock() });
  });

  it('F5: only into an empty database', async () => {
    const file = join(folder, 'not-empty.backup');
    await backUp(stack.vault, file);
    const place = await makePlace();
    await restore(place, file, { rootKey: rootKey(), nowMs: clock() });
    await expect(restore(place, file, { rootKey: rootKey(), nowMs: clock() })).rejects.toMatchObject({
      code: 'database_not_empty',
    });
    await expect(backUp(stack.vault, file)).rejects.toThrow('is there already');
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 500), 'not whole'],
    ['cut in the middle of its end', (bytes: Buffer) => bytes.subarray(0, bytes.length - 20), 'not whole'],
    ['changed', (bytes: Buffer) => flip(bytes, Math.floor(bytes.length / 2)), 'not what it was'],
    ['something else', () => Buffer.from('PGDMP'), 'no backup'],
    ['empty', () => Buffer.alloc(0), 'no backup'],
  ])('F5: a backup that is %s is refused before anything is written', async (_, damage, message) => {
    const file = join(folder, `damaged-${places.length}.backup`);
    await backUp(stack.vault, file);
    writeFileSync(file, damage(readFileSync(file)));
    const place = await makePlace();
    await expect(restore(place, file, { rootKey: rootKey(), nowMs: clock() })).rejects.toThrow(message);
    if (kind === 'sqlite') expect(existsSync(join(place.dataDir, 'vault.db'))).toBe(false);
  });

  it('K6: no secret is in a backup in plain', async () => {
    const file = join(folder, 'secrets.backup');
    await backUp(stack.vault, file);
    const released = await readJson(await callToken(stack, { grant_id: grantId }));
    const bytes = readFileSync(file);
    const headEnd = bytes.indexOf('\n') + 1;
    expect(manifestSchema.safeParse(JSON.parse(bytes.toString('utf8', 0, headEnd))).success).toBe(true);
    const payload = gunzipSync(bytes.subarray(headEnd, bytes.lastIndexOf('\n{')));
    const secrets = [
      String(released.access_token),
      'acme-secret',
      rootKey(),
      ...Object.values(stack.vault.apiKeys),
    ];
    for (const secret of secrets) {
      for (const form of ['utf8', 'base64', 'hex'] as const) {
        const text = Buffer.from(secret).toString(form);
        expect([form, payload.includes(text), bytes.includes(text)]).toEqual([form, false, false]);
      }
    }
  });
});

function flip(bytes: Buffer, position: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[position] = (changed[position] ?? 0) ^ 1;
  return changed;
}
