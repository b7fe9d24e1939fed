import { generateRootKey, parseRootKey } from '@alter-ai/core-crypto';
import { expect, it } from 'vitest';
import { forEachDatabase } from '../../test/databases.js';
import { openKeyring } from '../keys/open-keyring.js';
import type { AuditEvent } from './audit-event.js';
import { openAuditLog } from './open-audit-log.js';
import { type AuditFilter, createAuditFollower, exportAudit, queryAudit } from './query-audit.js';

const rootKey = parseRootKey(generateRootKey());
const start = Date.UTC(2026, 10, 30, 23, 59, 50);

forEachDatabase('audit search', (createDatabase) => {
  async function openLog() {
    let time = start;
    const clock = () => time;
    const storage = await (await createDatabase()).open();
    const keyring = await openKeyring({ storage, rootKey, clock });
    const log = await openAuditLog({ storage, keyring, clock });
    const append = async (event: Partial<AuditEvent>, stepMs = 1_000) => {
      time += stepMs;
      return (await log.append({ kind: 'access.retrieve', appId: 'a', ...event })).recordId;
    };
    return { storage, clock, append };
  }
  const idOf = (line: string): string => JSON.parse(line).id;

  it('lists newest first, page by page, over months', async () => {
    const { storage, append } = await openLog();
    const ids: string[] = [];
    for (let index = 0; index < 25; index += 1) ids.push(await append({}));
    const listed: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Awaited<ReturnType<typeof queryAudit>> = await queryAudit(storage, { cursor, limit: 7 });
      listed.push(...page.lines.map(idOf));
      cursor = page.nextCursor;
      pages += 1;
    } while (cursor !== null);
    expect([listed, pages]).toEqual([ids.toReversed(), 4]);
    const exported: string[] = [];
    for await (const line of exportAudit(storage)) exported.push(idOf(line));
    expect(exported).toEqual(ids);
  });

  it('A7: finds by app, grant, provider, user, outcome, kind, family and time', async () => {
    const { storage, append } = await openLog();
    const first = await append({
      grantId: 'g1',
      providerId: 'google',
      userId: 'u1',
      decision: 'deny',
      reason: 'because',
    });
    const second = await append({
      appId: 'b',
      grantId: 'g2',
      providerId: 'slack',
      userId: 'u2',
      decision: 'allow',
    });
    const third = await append({ kind: 'grant.revoked', grantId: 'g1' }, 60_000);
    const find = async (filter: AuditFilter) =>
      (await queryAudit(storage, { filter, order: 'asc' })).lines.map(idOf);
    expect(await find({ appId: 'b' })).toEqual([second]);
    expect(await find({ grantId: 'g1' })).toEqual([first, third]);
    expect(await find({ providerId: 'slack' })).toEqual([second]);
    expect(await find({ userId: 'u1' })).toEqual([first]);
    expect(await find({ outcome: 'deny' })).toEqual([first]);
    expect(await find({ kind: 'grant.revoked' })).toEqual([third]);
    expect(await find({ kind: 'access.*' })).toEqual([first, second]);
    expect(await find({ fromMs: start + 2_000 })).toEqual([second, third]);
    expect(await find({ untilMs: start + 2_000 })).toEqual([first]);
    expect(await find({ grantId: 'g1', outcome: 'allow' })).toEqual([]);
    const { lines } = await queryAudit(storage, { filter: { outcome: 'deny' } });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      reason: 'because',
      grant_id: 'g1',
      provider_id: 'google',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('refuses a cursor that it did not give', async () => {
    const { storage } = await openLog();
    for (const cursor of ['', 'x', "2026_11.'; drop table meta", '2026_11_01.0']) {
      await expect(queryAudit(storage, { cursor })).rejects.toMatchObject({ code: 'cursor_invalid' });
    }
  });

  it('follows the log: each record once, in order', async () => {
    const { storage, clock, append } = await openLog();
    await append({});
    const follow = createAuditFollower(storage, { sinceMs: clock() + 1, clock });
    expect(await follow()).toEqual([]);
    const some = [await append({}), await append({}, 100)];
    expect((await follow()).map(idOf)).toEqual(some);
    expect(await follow()).toEqual([]);
    const late = await append({}, 60_000);
    expect((await follow()).map(idOf)).toEqual([late]);
    expect(await follow()).toEqual([]);
  });
});
