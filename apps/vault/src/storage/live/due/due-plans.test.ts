import { expect, it } from 'vitest';
import { captureQueries, explainQuery } from '../../../../test/capture-queries.js';
import { forEachDatabase } from '../../../../test/databases.js';
import type { Storage } from '../../database/storage.js';
import { listExpiredGrants } from './expired-grants.js';
import { listPendingRevocations } from './pending-revocations.js';
import { listDueRenewals } from './renewals.js';
import { listUnrecorded } from './unrecorded.js';

const due = {
  app_id: 'a',
  id: 'c',
  provider_config_id: 'p',
  generation: 1,
  access_issued_at: 1,
  refresh_expires_at: null,
  has_refresh_token: 1,
  renew_at: 1,
};

const questions: [string, (storage: Storage) => Promise<unknown>][] = [
  ['credentials_renewal', (storage) => listDueRenewals(storage, { nowMs: 10, after: null, limit: 200 })],
  ['credentials_renewal', (storage) => listDueRenewals(storage, { nowMs: 10, after: due, limit: 200 })],
  ['grants_expiry', (storage) => listExpiredGrants(storage, 10, 200)],
  ['grants_revocation', (storage) => listPendingRevocations(storage, 50)],
  ['grants_unrecorded', (storage) => listUnrecorded(storage, 'grants', { untilMs: 10, limit: 200 })],
  [
    'credentials_unrecorded',
    (storage) => listUnrecorded(storage, 'credentials', { untilMs: 10, limit: 200 }),
  ],
];

forEachDatabase('what is due later', (createDatabase, kind) => {
  it.skipIf(kind === 'postgres').each(questions)(
    'R1: at a million rows it is found by %s, in its order, and nothing is scanned',
    async (index, ask) => {
      const storage = await (await createDatabase()).open();
      const queries = await captureQueries(storage, ask);
      expect(queries).toHaveLength(1);
      for (const query of queries) {
        const plan = explainQuery(storage, query);
        expect(plan).toHaveLength(1);
        expect(plan[0]).toMatch(new RegExp(`^SEARCH .* USING INDEX ${index} `));
      }
    },
  );

  it.skipIf(kind === 'sqlite')('R1: the questions are asked of PostgreSQL as they are', async () => {
    const storage = await (await createDatabase()).open();
    for (const [, ask] of questions) expect(await ask(storage)).toEqual([]);
  });
});
