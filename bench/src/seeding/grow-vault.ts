import { randomBytes } from 'node:crypto';
import type { VaultSetup } from '../setup/vault-setup.js';
import { type OpenVault, openVaultData } from './open-vault.js';

const rowsPerInsert = 100;

/** Adds grants like the one that a stopped vault has, each with a credential of its own that opens; gives their ids. */
export async function addGrants(setup: VaultSetup, count: number): Promise<string[]> {
  const vault = await openVaultData(setup);
  try {
    return await insertGrants(vault, count);
  } finally {
    await vault.close();
  }
}

/** An id in the order of its making, as the vault's own are. */
function makeId(index: number): string {
  const time = (0x0190_0000_0000 + index).toString(16).padStart(12, '0');
  const random = randomBytes(8).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(4, 16)}`;
}

async function insertGrants({ deps }: OpenVault, count: number): Promise<string[]> {
  const { storage, keyring } = deps;
  const grant = await storage.db.selectFrom('grants').selectAll().executeTakeFirstOrThrow();
  const credential = await storage.db.selectFrom('credentials').selectAll().executeTakeFirstOrThrow();
  const appId = String(credential.app_id);
  const place = (rowId: string) => ({ table: 'credentials', rowId, appId, field: 'tokens' });
  const tokens = await keyring.open(place(String(credential.id)), credential.sealed_tokens as Uint8Array);
  await keyring.prepare(appId);
  const grantIds: string[] = [];
  for (let start = 0; start < count; start += rowsPerInsert) {
    const size = Math.min(rowsPerInsert, count - start);
    const numbers = Array.from({ length: size }, (_, index) => start + index);
    const ids = numbers.map((number) => ({
      number,
      grant: makeId(2 * number),
      credential: makeId(2 * number + 1),
    }));
    const sealed = await Promise.all(ids.map((id) => keyring.seal(place(id.credential), tokens)));
    await storage.transaction(async (trx) => {
      await trx
        .insertInto('credentials')
        .values(ids.map((id, index) => ({ ...credential, id: id.credential, sealed_tokens: sealed[index] })))
        .execute();
      await trx
        .insertInto('grants')
        .values(
          ids.map((id) => ({
            ...grant,
            id: id.grant,
            credential_id: id.credential,
            subject: `${grant.subject}-${id.number}`,
            // Its copies would all be looked up for a record of their making.
            unrecorded_since: null,
          })),
        )
        .execute();
    });
    grantIds.push(...ids.map((id) => id.grant));
  }
  return grantIds;
}
