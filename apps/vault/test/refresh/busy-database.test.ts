import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import { leaseTtlMs } from '../../src/refresh/lease.js';
import { openStorage } from '../../src/storage/database/open-storage.js';
import { renewLease, takeLease } from '../../src/storage/live/credentials.js';
import { openRefreshWorld, type RefreshWorld } from './refresh-world.js';

let world: RefreshWorld;
afterEach(() => world.close());

describe.skipIf(!process.env.DATABASE_URL)('a process whose database connections are all taken', () => {
  it('R2: still renews its leases: others do not take them from a holder that is only busy', async () => {
    world = await openRefreshWorld('postgres');
    const { grantId } = await world.connect();
    const row = await world.readCredential(grantId);
    const { databaseUrl, schema } = world.describeChild(grantId);
    const storage = await openStorage({ databaseUrl, schema, dataDir: '', connectionsMax: 3 });
    try {
      const lease = await takeLease(storage, row, 'busy', leaseTtlMs);
      if (!lease) throw new Error('no lease');
      let hasEnded = false;
      // Both connections that calls may use, for three seconds.
      const long = Promise.all(
        [1, 2].map(async () => {
          await sql`select pg_sleep(3)`.execute(storage.db);
          hasEnded = true;
        }),
      );
      const key = { appId: row.app_id, credentialId: row.id };
      expect(await renewLease(storage, key, lease, leaseTtlMs)).toBe(true);
      expect(hasEnded).toBe(false);
      await long;
    } finally {
      await storage.close();
    }
  });
});
