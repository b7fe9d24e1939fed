import type { SealContext } from '@alter-ai/core-crypto';
import { z } from 'zod';
import type { Keyring } from '../../keys/keyring.js';
import type { SealedFields } from '../../storage/secrets/secret-credentials.js';
import type { SecretFields } from '../definition/secret-fields.js';

/** Names the row of one credential. */
export interface SecretKey {
  readonly appId: string;
  readonly credentialId: string;
}

const storedSchema = z.strictObject({ fields: z.record(z.string(), z.string()) });

/** Seals the fields of a credential for its row (K1); there is no way back out but use. */
export async function sealSecret(
  keyring: Keyring,
  key: SecretKey,
  fields: SecretFields,
): Promise<SealedFields> {
  const sealed = await keyring.seal(contextOf(key), JSON.stringify({ fields }));
  return { sealed, names: Object.keys(fields) };
}

/** Opens the fields of a credential. @throws OpenError for every cause alike (K8) */
export async function openSecret(
  keyring: Keyring,
  key: SecretKey,
  sealed: Uint8Array,
): Promise<SecretFields> {
  return storedSchema.parse(JSON.parse(await keyring.open(contextOf(key), sealed))).fields;
}

function contextOf(key: SecretKey): SealContext {
  return { table: 'credentials', rowId: key.credentialId, appId: key.appId, field: 'secret' };
}
