import { ApiError } from '../../http/api-error.js';
import type { Executor } from '../../storage/database/storage.js';
import { hasSiblingLabel, LabelTakenError, type SiblingOf } from '../../storage/secrets/secret-grants.js';

/** Looks before anything is put on record. @throws ApiError `sibling_label_conflict` */
export function checkLabel(executor: Executor, source: SiblingOf, label: string | null): Promise<void> {
  return refuseTakenLabel(label, async () => {
    if (await hasSiblingLabel(executor, source, label)) throw new LabelTakenError();
  });
}

/** Does what stores a grant. @throws ApiError `sibling_label_conflict` where its label is taken */
export async function refuseTakenLabel<T>(label: string | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LabelTakenError) throw new ApiError('sibling_label_conflict', { fields: { label } });
    throw error;
  }
}
