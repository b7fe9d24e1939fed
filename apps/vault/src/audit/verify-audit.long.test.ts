import { generateRootKey, parseRootKey } from '@alter-ai/core-crypto';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { startChild } from '../../test/children/run-child.js';
import { forEachDatabase, type TestDatabase } from '../../test/databases.js';
import { openKeyring } from '../keys/open-keyring.js';
import type { Storage } from '../storage/database/storage.js';
import { openAuditLog } from './open-audit-log.js';
import { exportAudit } from './query-audit.js';
import { verifyAudit } from './verify-audit.js';

const rootKeyText = generateRootKey();
const rootKey = parseRootKey(rootKeyText);
let time = Date.UTC(2026, 10, 30, 23, 59);
const clock = () => time;

async function openLog(database: TestDatabase, records: number) {
  const storage = await database.open();
  const keyring = await openKeyring({ storage, rootKey, clock });
  const log = await openAuditLog({ storage, keyring, clock });
  for (let index = 0; index < records; index += 1) {
    await log.append({ kind: 'access.retrieve', appId: 'app', grantId: `grant-${index}`, decision: 'allow' });
  }
  return { storage, keyring, log };
}

/** Somebody with every right on the database: the triggers are gone. */
async function tamper(storage: Storage, statement: string): Promise<void> {
  const triggers =
    storage.kind === 'sqlite'
      ? ['no_update', 'no_delete'].map((name) => `drop trigger audit_2026_11_${name}`)
      : ['alter table audit_2026_11 disable trigger user'];
  for (const text of [...triggers, statement]) await sql.raw(text).execute(storage.db);
}

forEachDatabase('audit verification', (createDatabase, kind) => {
  it('A3: an untouched log of several chains and months is intact', async () => {
    const database = await createDatabase();
    time = Date.UTC(2026, 10, 30, 23, 59);
    const { storage, keyring, log } = await openLog(database, 600);
    time = Date.UTC(2026, 11, 1);
    await log.append({ kind: 'server.stopped', appId: null });
    await openLog(database, 3);
    expect(await verifyAudit({ storage, keyring })).toEqual({
      isIntact: true,
      chains: 2,
      records: 604,
      checkpoints: 0,
      newestCheckpoint: null,
      uncovered: 604,
      retiredUntil: null,
      faults: [],
    });
  });

  const hidden =
    kind === 'sqlite' ? `replace(record, 'grant-2', 'grant-9')` : `replace(record, 'grant-2', 'grant-9')`;
  const flipped = kind === 'sqlite' ? `x'${'00'.repeat(32)}'` : `'\\x${'00'.repeat(32)}'`;
  it.each([
    [
      'one byte of a record changed',
      `update audit_2026_11 set record = ${hidden} where sequence = 3`,
      'hash_mismatch',
      3,
    ],
    ['a hash changed', `update audit_2026_11 set hash = ${flipped} where sequence = 3`, 'hash_mismatch', 3],
    ['a record removed', 'delete from audit_2026_11 where sequence = 3', 'sequence_gap', 3],
    ['the first record removed', 'delete from audit_2026_11 where sequence = 1', 'sequence_gap', 1],
    ['the last record cut', 'delete from audit_2026_11 where sequence = 5', 'truncated', 5],
    [
      'the end cut and the chain row set back',
      'delete from audit_2026_11 where sequence = 5; update audit_chains set sequence = 4',
      'head_unreadable',
      null,
    ],
    [
      'a record added',
      `insert into audit_2026_11 select chain_id, 6, app_id, 'new', at, kind, grant_id, provider_id, user_id, outcome, record, hash from audit_2026_11 where sequence = 5`,
      'extra_records',
      6,
    ],
    [
      'two records exchanged',
      'update audit_2026_11 set sequence = 100 - sequence where sequence in (2, 3); update audit_2026_11 set sequence = sequence - 95 where sequence > 90',
      'hash_mismatch',
      2,
    ],
    [
      'a column changed that searches use',
      `update audit_2026_11 set grant_id = 'elsewhere' where sequence = 4`,
      'column_mismatch',
      4,
    ],
    ['a chain removed', 'delete from audit_2026_11; delete from audit_chains', 'chain_missing', null],
    ['a chain row removed', 'delete from audit_chains', 'chain_missing', null],
    [
      'chains and register removed',
      `delete from audit_chains; delete from meta where key = 'audit_register'`,
      'register_missing',
      null,
    ],
    ['the sealed head changed', `update audit_chains set sealed_head = ${flipped}`, 'head_unreadable', null],
    [
      'the register changed',
      `update meta set value = ${flipped} where key = 'audit_register'`,
      'register_unreadable',
      null,
    ],
    ['a month removed', 'drop table audit_2026_11', 'truncated', 1],
  ])('A3: noticed: %s', async (_, statements, reason, sequence) => {
    time = Date.UTC(2026, 10, 21);
    const { storage, keyring } = await openLog(await createDatabase(), 5);
    expect((await verifyAudit({ storage, keyring })).isIntact).toBe(true);
    for (const [index, statement] of statements.split('; ').entries()) {
      if (index === 0) await tamper(storage, statement);
      else await sql.raw(statement).execute(storage.db);
    }
    const verdict = await verifyAudit({ storage, keyring });
    expect(verdict.isIntact).toBe(false);
    expect(verdict.faults).toContainEqual(expect.objectContaining({ reason, sequence }));
    if (sequence !== null) expect(verdict.faults[0]?.description).toContain(`record ${sequence} of chain`);
  });

  it('A3: what another key sealed is not believed', async () => {
    const { storage } = await openLog(await createDatabase(), 5);
    const elsewhere = await openKeyring({ storage: await (await createDatabase()).open(), rootKey, clock });
    const verdict = await verifyAudit({ storage, keyring: elsewhere });
    expect(verdict.faults.map((fault) => fault.reason)).toEqual(['register_unreadable', 'head_unreadable']);
  });

  it('F1, A1, T1: a kill loses no record and no nonce that was acknowledged, and the log is intact', async () => {
    const database = await createDatabase();
    const storage = await database.open();
    const keyring = await openKeyring({ storage, rootKey, clock });
    const child = startChild('append-child', { options: database.options, rootKey: rootKeyText });
    await child.waitForLine('durable', 200);
    child.process.kill('SIGKILL');
    const { lines } = await child.waitForEnd();
    const durable = lines.filter((line) => /^durable \S+ \S+ \d+$/.test(line)).map((line) => line.split(' '));
    expect(durable.length).toBeGreaterThan(100);

    const verdict = await verifyAudit({ storage, keyring });
    expect([verdict.isIntact, verdict.records >= durable.length]).toEqual([true, true]);
    const stored = new Set<string>();
    for await (const line of exportAudit(storage)) stored.add(JSON.parse(line).id);
    expect(durable.filter(([, id = '']) => !stored.has(id))).toEqual([]);
    const log = await openAuditLog({ storage, keyring, clock: Date.now });
    const claims = durable
      .slice(-50)
      .map(([, , nonce = '', at]) =>
        log.claimNonce({ apiKeyId: 'key', nonce, timestampSeconds: Number(at) }),
      );
    expect(new Set(await Promise.all(claims))).toEqual(new Set([false]));
  });
});
