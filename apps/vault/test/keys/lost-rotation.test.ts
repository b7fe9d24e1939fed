import { generateRootKey, parseRootKey } from '@alter-ai/core-crypto';
import { expect, it } from 'vitest';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { openKeyring } from '../../src/keys/open-keyring.js';
import { beginAppRotations } from '../../src/keys/rotation/begin-app-rotation.js';
import { closeRetiredDataKeys, deleteClosedDataKeys } from '../../src/storage/keys/app-keys.js';
import { takeRotation, updateRotation } from '../../src/storage/keys/rotations.js';
import { forEachDatabase } from '../databases.js';

const clock = () => 1_795_000_000_000;
const app = { id: 'app', slug: 'demo', name: 'Demo', settings_json: '{}', version: 1 };

forEachDatabase('a rotation that was taken over', (createDatabase) => {
  it('K3: who had it before closes and deletes no data key any more; who has it deletes those closed before its sweep', async () => {
    const storage = await (await createDatabase()).open();
    const keyring = await openKeyring({ storage, rootKey: parseRootKey(generateRootKey()), clock });
    const audit = await openAuditLog({ storage, keyring, clock });
    const row = { ...app, wrapped_key: await keyring.createAppKey(app.id), created_at: 1, updated_at: 1 };
    await storage.db.insertInto('apps').values(row).execute();
    const place = { table: 'credentials', rowId: 'r', appId: app.id, field: 'tokens' };
    await keyring.seal(place, 'secret');
    const [id = ''] = await beginAppRotations({ storage, keyring, audit, clock }, { slug: 'demo' });
    const lost = { id, holder: 'process/1' };
    const held = { id, holder: 'process/2' };
    expect(await takeRotation(storage, { ...lost, leaseMs: 0 })).toBe(true);
    expect(await takeRotation(storage, { ...held, leaseMs: 60_000 })).toBe(true);
    const readClosed = async () =>
      (await storage.db.selectFrom('data_keys').select('closed_at').orderBy('id').execute()).map(
        (key) => key.closed_at,
      );

    expect(await closeRetiredDataKeys(storage, app.id, lost, 500)).toBeNull();
    expect(await readClosed()).toEqual([null]);
    expect(await closeRetiredDataKeys(storage, app.id, held, 500)).toBe(500);
    // One that was closed behind the sweep’s beginning, whoever did it.
    await storage.db
      .insertInto('data_keys')
      .values({
        app_id: app.id,
        id: 'zz',
        wrapped_key: Buffer.alloc(1),
        created_at: 1,
        retired_at: 1,
        closed_at: 501,
      })
      .execute();
    const which = { untilMs: 500, kept: [] };
    expect(await deleteClosedDataKeys(storage, app.id, lost, which)).toBeNull();
    expect(await readClosed()).toEqual([500, 501]);
    expect(await deleteClosedDataKeys(storage, app.id, held, which)).toBe(1);
    expect(await readClosed()).toEqual([501]);
    // And nobody after its end.
    await updateRotation(storage, { ...held, leaseMs: 1 }, { phase: 'done', isFinished: true });
    expect(await deleteClosedDataKeys(storage, app.id, held, { ...which, untilMs: 501 })).toBeNull();
  });
});
