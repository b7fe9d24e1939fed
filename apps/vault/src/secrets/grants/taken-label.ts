import { ApiError } from '../../http/api-error.js';
import { LabelTakenError } from '../../storage/secrets/secret-grants.js';

/** Does what stores a grant. @throws ApiError `sibling_label_conflict` where its label is taken */
export async function refuseTakenLabel<T>(label: string | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LabelTakenError) throw new ApiError('sibling_label_conflict', { fields: { label } });
    throw error;
  }
}
