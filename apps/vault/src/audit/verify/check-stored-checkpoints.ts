import { importVerifyingKey, OpenError, type VerifyingKey } from '@alter-ai/core-crypto';
import type { Keyring } from '../../keys/keyring.js';
import type { Storage } from '../../storage/database/storage.js';
import { scanCheckpoints } from '../../storage/log/checkpoints/checkpoint-rows.js';
import type { AuditCheckpointTable } from '../../storage/tables/log-tables.js';
import { type Checkpoint, CheckpointFormatError, readStored } from '../checkpoints/checkpoint.js';
import { openSigningKey, readCheckpointHead } from '../checkpoints/signing-key-store.js';
import type { FaultList } from './audit-verdict.js';
import { type CheckpointFacts, createCheckpointCheck } from './check-checkpoints.js';

interface Deps {
  readonly storage: Storage;
  readonly keyring: Keyring;
}

/** What the database's checkpoints say, and the key that they are checked with. */
export interface StoredCheckpoints {
  readonly facts: CheckpointFacts;
  /** Null where there are no checkpoints, or their key cannot be had. */
  readonly key: VerifyingKey | null;
}

const nothing: CheckpointFacts = {
  count: 0,
  newest: null,
  covered: new Map(),
  retired: new Map(),
  retiredUntil: null,
  signedEnds: new Map(),
  index: new Map(),
};

/**
 * Verifies the checkpoints in the database up to the sealed head. `signingKeyId` is the key that the register of chains names; `ends`
 * as in `CheckpointCheckOptions`.
 */
export async function checkStoredCheckpoints(
  deps: Deps,
  signingKeyId: string | null,
  faults: FaultList,
  ends?: ReadonlyMap<string, number>,
): Promise<StoredCheckpoints> {
  const key = await openKey(deps, signingKeyId, faults);
  if (key === null) return { facts: nothing, key };
  const head = await readHead(deps, faults);
  const check = createCheckpointCheck(key, faults, ends === undefined ? {} : { ends });
  for await (const row of scanCheckpoints(deps.storage)) {
    if (head !== null && row.number > head.number) {
      const now = await readHead(deps, faults);
      // One that was made meanwhile is looked at the next time.
      if (now !== null && now.number < row.number) faults.add('checkpoint_extra', { checkpoint: row.number });
      break;
    }
    check.add(readRow(row));
  }
  const facts = check.finish();
  const last = facts.newest?.number ?? 0;
  if (head !== null && last < head.number) faults.add('checkpoint_missing', { checkpoint: last + 1 });
  else if (head !== null && last > 0 && facts.newest?.hash !== head.hash) {
    faults.add('checkpoint_changed', { checkpoint: last });
  }
  return { facts, key };
}

async function openKey(
  deps: Deps,
  signingKeyId: string | null,
  faults: FaultList,
): Promise<VerifyingKey | null> {
  try {
    const key = await openSigningKey(deps);
    if (key === null) {
      if (signingKeyId !== null) faults.add('signing_key_missing');
      return null;
    }
    if (signingKeyId !== null && key.publicJwk.kid !== signingKeyId) faults.add('signing_key_unreadable');
    return importVerifyingKey(key.publicJwk.x);
  } catch (error) {
    if (!(error instanceof OpenError)) throw error;
    faults.add('signing_key_unreadable');
    return null;
  }
}

async function readHead(deps: Deps, faults: FaultList): Promise<{ number: number; hash: string } | null> {
  try {
    const known = await readCheckpointHead(deps);
    if (known === null) faults.add('checkpoint_head_missing');
    return known?.head ?? null;
  } catch (error) {
    if (!(error instanceof OpenError)) throw error;
    faults.add('checkpoint_head_unreadable');
    return null;
  }
}

function readRow(row: AuditCheckpointTable): Checkpoint | null {
  try {
    return readStored(row);
  } catch (error) {
    if (error instanceof CheckpointFormatError) return null;
    throw error;
  }
}
