import { randomBytes } from 'node:crypto';
import type { VaultSetup } from '../setup/vault-setup.js';
import { type OpenVault, openVaultData } from './open-vault.js';

const rowsPerInsert = 100;
const recordsAtOnce = 5_000;

/** Grows a stopped vault: grants like its one, each with a credential of its own that opens, and records of their calls. */
export async function growVault(
  setup: VaultSetup,
  size: { grants: number; records: number },
): Promise<string[]> {
  const vault = await openVaultData(setup);
  try {
    const grantIds = await insertGrants(vault, size.grants);
    await appendRecords(vault, grantIds, size.records);
    return grantIds;
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
          })),
        )
        .execute();
    });
    grantIds.push(...ids.map((id) => id.grant));
  }
  return grantIds;
}

/** One record in a thousand is a refusal, so that a search finds few among many. */
async function appendRecords({ deps }: OpenVault, grantIds: readonly string[], count: number): Promise<void> {
  const credential = await deps.storage.db.selectFrom('credentials').selectAll().executeTakeFirstOrThrow();
  for (let start = 0; start < count; start += recordsAtOnce) {
    const size = Math.min(recordsAtOnce, count - start);
    await Promise.all(
      Array.from({ length: size }, (_, index) =>
        deps.audit.append(describeCall(String(credential.app_id), start + index, grantIds)),
      ),
    );
  }
}

/** A record of one call, of the size that a real one has. */
export function describeCall(appId: string, index: number, grantIds: readonly string[]) {
  const isRefused = index % 1_000 === 999;
  return {
    kind: 'access.retrieve',
    appId,
    grantId: grantIds[index % grantIds.length],
    providerId: 'acme',
    apiKeyId: appId,
    keyPrefix: 'alter_key_bench',
    principal: 'system',
    credentialKind: 'oauth',
    method: 'GET',
    url: 'https://api.acme.example/v1/messages?limit=20',
    reason: 'bench',
    decision: isRefused ? 'deny' : 'allow',
    outcome: isRefused ? 'refused' : 'released',
    sourceAddress: '127.0.0.1',
    requestId: appId,
  };
}
