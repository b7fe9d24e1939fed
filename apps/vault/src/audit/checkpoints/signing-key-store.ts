import { generateSigningKey, importSigningKey, type SigningKey } from '@alter-ai/core-crypto';
import { z } from 'zod';
import type { Keyring } from '../../keys/keyring.js';
import type { Storage } from '../../storage/database/storage.js';
import { readMeta } from '../../storage/keys/meta.js';
import { readAuditRegister } from '../../storage/log/audit-chains.js';
import { checkpointHeadKey } from '../../storage/log/checkpoints/checkpoint-rows.js';
import { beginCheckpoints, signingKeyKey } from '../../storage/log/checkpoints/signing-key-row.js';
import { nameSigningKey, openRegister } from '../chain/chain-register.js';
import { noHash } from './checkpoint.js';

/** What sealed values of checkpoints need. */
interface Deps {
  readonly storage: Storage;
  readonly keyring: Keyring;
}

/** Number and digest (`hashNote`) of the newest checkpoint; number 0 before the first. */
export interface CheckpointHead {
  readonly number: number;
  readonly hash: string;
}

/** The checkpoints are not what the sealed values beside them say; `alter audit verify` tells more. */
export class CheckpointStateError extends Error {
  readonly code = 'checkpoints_damaged';

  constructor(message: string) {
    super(message);
    this.name = 'CheckpointStateError';
  }
}

const headSchema = z.strictObject({ number: z.int().min(0), hash: z.string() });

/** The key that signs checkpoints; null where there is none yet. Throws OpenError. */
export async function openSigningKey({ storage, keyring }: Deps): Promise<SigningKey | null> {
  const sealed = await readMeta(storage, signingKeyKey);
  return sealed === null ? null : importSigningKey(keyring.openMeta(signingKeyKey, sealed));
}

/**
 * The key that signs checkpoints; made with the first checkpoint, and null while there is no record at all. A key that is gone is
 * never made anew: that would hide its loss. Throws CheckpointStateError, OpenError.
 */
export async function prepareSigningKey(deps: Deps): Promise<SigningKey | null> {
  const known = await openSigningKey(deps);
  if (known !== null) return known;
  const key = generateSigningKey();
  const { kid } = key.publicJwk;
  const isBegun = await beginCheckpoints(deps.storage, (register) => {
    if (register === null) return null;
    if (openRegister(deps.keyring, register).signingKeyId !== null) return null;
    return {
      register: nameSigningKey(deps.keyring, register, kid),
      signingKey: deps.keyring.sealMeta(signingKeyKey, key.exportPrivate()),
      head: sealCheckpointHead(deps.keyring, { number: 0, hash: noHash }),
    };
  });
  if (isBegun) return key;
  const another = await openSigningKey(deps);
  if (another !== null) return another;
  const register = await readAuditRegister(deps.storage);
  if (register === null) return null;
  throw new CheckpointStateError('The key that signs checkpoints was removed from the database.');
}

/** Seals the head, so that the newest checkpoints cannot be cut off unnoticed. */
export function sealCheckpointHead(keyring: Keyring, head: CheckpointHead): Buffer {
  return keyring.sealMeta(checkpointHeadKey, JSON.stringify(head));
}

/** The head as it is stored. Throws OpenError; null where there is none. */
export async function readCheckpointHead(
  deps: Deps,
): Promise<{ head: CheckpointHead; sealed: Buffer } | null> {
  const sealed = await readMeta(deps.storage, checkpointHeadKey);
  if (sealed === null) return null;
  return { head: headSchema.parse(JSON.parse(deps.keyring.openMeta(checkpointHeadKey, sealed))), sealed };
}
