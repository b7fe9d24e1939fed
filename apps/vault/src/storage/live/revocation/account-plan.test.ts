import { expect, it } from 'vitest';
import { captureQueries, explainQuery } from '../../../../test/capture-queries.js';
import { forEachDatabase } from '../../../../test/databases.js';
import type { Storage } from '../../database/storage.js';
import { hasLiveGrantOfAccount } from './store-revocation.js';

const account = { app_id: 'a', provider_config_id: 'p', issuer: 'i', subject: 's' };
const ask = (storage: Storage) => hasLiveGrantOfAccount(storage, account);

forEachDatabase('other grants of an account', (createDatabase, kind) => {
  it.skipIf(kind === 'postgres')(
    'at a million grants they are found by configuration and subject, and no grant is scanned',
    async () => {
      const storage = await (await createDatabase()).open();
      const [query] = await captureQueries(storage, ask);
      const plan = query ? explainQuery(storage, query) : [];
      expect(plan.filter((step) => step.includes(' other '))).toEqual([
        expect.stringMatching(
          /^SEARCH other USING INDEX grants_subject \(app_id=\? AND provider_config_id=\? AND issuer=\? AND subject=\?\)/,
        ),
      ]);
    },
  );

  it.skipIf(kind === 'sqlite')('the question is asked of PostgreSQL as it is', async () => {
    const storage = await (await createDatabase()).open();
    expect(await ask(storage)).toBe(false);
  });
});
