import { expect, it } from 'vitest';
import { forEachDatabase } from '../../../test/databases.js';
import { deleteOldNonces, joinNonces, locateNonce, noncePeriodSeconds, readNonces } from './nonces.js';
import { createAuditWriter } from './write/audit-writer.js';

const start = 1_795_000_000 - (1_795_000_000 % noncePeriodSeconds);

it('joins the nonces of a batch to one row for each period', () => {
  const claims = [start, start + 1, start + noncePeriodSeconds].map((at) => locateNonce('k', String(at), at));
  const rows = joinNonces([...claims, null]);
  expect(rows).toEqual([
    { turn: claims[0]?.turn, row: `${claims[0]?.key}\n${claims[1]?.key}` },
    { turn: claims[2]?.turn, row: claims[2]?.key },
  ]);
  expect(joinNonces([null])).toEqual([]);
});

forEachDatabase('nonces', (createDatabase, kind) => {
  it.runIf(kind === 'sqlite')(
    'T1: the nonces of a batch are read one by one after a restart, old ones forgotten',
    async () => {
      const database = await createDatabase();
      const storage = await database.open();
      const ages = [0, 1, 600, 1_300, 5_000];
      const claims = ages.map((age) => locateNonce('k', 'n'.repeat(32) + age, start - age));
      await createAuditWriter(storage).write(claims, () => null);
      await storage.close();
      const again = await database.open();
      if (again.native.kind !== 'sqlite') throw new Error('not SQLite');
      // An earlier version stored a row for each nonce.
      const single = locateNonce('k', 'single', start);
      await again.db.insertInto(`nonces_${single.turn}`).values({ nonce: single.key }).execute();
      const read = () => (again.native.kind === 'sqlite' ? [...readNonces(again.native, start * 1000)] : []);
      const wanted = [...claims.slice(0, 3), single];
      expect(read()).toEqual(expect.arrayContaining(wanted));
      expect(read()).not.toContainEqual(claims[4]);
      expect(await deleteOldNonces(again, start * 1000)).toBeGreaterThan(0);
      expect(read()).toEqual(expect.arrayContaining(wanted));
      expect(await deleteOldNonces(again, (start + 10_000) * 1000)).toBeGreaterThan(0);
      expect(read()).toEqual([]);
    },
  );
});
