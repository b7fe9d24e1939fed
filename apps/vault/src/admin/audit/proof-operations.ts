import { importVerifyingKey, SigningKeyError } from '@alter-ai/core-crypto';
import { z } from 'zod';
import {
  CheckpointFormatError,
  readExported,
  readStored,
  writeExported,
} from '../../audit/checkpoints/checkpoint.js';
import { makeCheckpoint } from '../../audit/checkpoints/make-checkpoint.js';
import { CheckpointStateError, openSigningKey } from '../../audit/checkpoints/signing-key-store.js';
import {
  buildReceipt,
  ReceiptPendingError,
  RecordNotFoundError,
} from '../../audit/receipts/build-receipt.js';
import { verifyAudit } from '../../audit/verify-audit.js';
import type { VaultDeps } from '../../deps.js';
import { scanCheckpoints } from '../../storage/log/checkpoints/checkpoint-rows.js';
import { defineLines, defineOperation, OperationError } from '../operation.js';

/** Proving that the audit log is whole, and that a record is in it. */
export const proofOperations = {
  'audit.verify': defineOperation(
    {
      /** A checkpoint that was kept elsewhere, as `audit.checkpoint` gave it. */
      checkpoint: z.string().optional(),
      publicKey: z.string().max(10_000).optional(),
    },
    (deps, input) =>
      explain(() =>
        verifyAudit(deps, {
          checkpoint: input.checkpoint === undefined ? undefined : readExported(input.checkpoint),
          publicKey: input.publicKey === undefined ? undefined : importVerifyingKey(input.publicKey),
        }),
      ),
  ),
  'audit.checkpoint': defineOperation({}, (deps) =>
    explain(async () => {
      await deps.audit.flush();
      const checkpoint = await makeCheckpoint(deps, { isComplete: true });
      if (checkpoint === null) throw new OperationError('not_found', 'There is no audit record yet.');
      return { number: checkpoint.note.number, line: writeExported(checkpoint) };
    }),
  ),
  'audit.public_key': defineOperation({}, async (deps) => {
    const key = await explain(() => openSigningKey(deps));
    if (key === null) {
      throw new OperationError('not_found', 'There is no key yet: it is made with the first checkpoint.');
    }
    return { jwk: key.publicJwk, pem: importVerifyingKey(key.publicJwk.x).exportPem() };
  }),
  'audit.receipt': defineOperation(
    {
      recordId: z.string().max(64),
      /** Makes a checkpoint first, in place of waiting for the next one. */
      isAtOnce: z.boolean(),
    },
    (deps, { recordId, isAtOnce }) =>
      explain(async () => {
        await deps.audit.flush();
        if (isAtOnce) await makeCheckpoint(deps);
        return buildReceipt(deps, { recordId });
      }),
  ),
} as const;

/** Every checkpoint, a line each. */
export const proofLineOperations = {
  'audit.checkpoints': defineLines({}, async function* (deps: VaultDeps) {
    for await (const row of scanCheckpoints(deps.storage)) yield writeExported(readStored(row));
  }),
} as const;

/** Errors of this kind hold nothing secret: the operator gets their messages as they are. */
async function explain<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isOwn =
      error instanceof CheckpointFormatError ||
      error instanceof CheckpointStateError ||
      error instanceof ReceiptPendingError ||
      error instanceof RecordNotFoundError ||
      error instanceof SigningKeyError;
    throw isOwn ? new OperationError(error.code, error.message) : error;
  }
}
