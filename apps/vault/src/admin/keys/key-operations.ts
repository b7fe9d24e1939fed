import { z } from 'zod';
import type { VaultDeps } from '../../deps.js';
import { KeyServiceError } from '../../keys/root/key-service-error.js';
import { beginAppRotations } from '../../keys/rotation/begin-app-rotation.js';
import { beginRootRotation } from '../../keys/rotation/begin-root-rotation.js';
import { followRotations } from '../../keys/rotation/follow-rotations.js';
import { RotationError } from '../../keys/rotation-error.js';
import { shredApp } from '../../keys/shred/shred-app.js';
import { listAppKeys } from '../../storage/keys/app-keys.js';
import { defineLines, defineOperation, OperationError } from '../operation.js';

const slug = z.string().max(63);

/** What an operator does with apps and their keys. */
export const keyOperations = {
  'apps.list': defineOperation({}, async (deps) => ({
    apps: (await listAppKeys(deps.storage)).map((app) => ({
      id: app.id,
      slug: app.slug,
      shredded_at: app.shredded_at === null ? null : new Date(app.shredded_at).toISOString(),
    })),
  })),
  'apps.shred': defineOperation({ slug, isDryRun: z.boolean() }, async (deps, input) => {
    const result = await shredApp(deps, input).catch(rethrow);
    return {
      app: result.app,
      is_done: result.isDone,
      sealed_values: result.values,
      api_keys_revoked: result.apiKeys,
      grants_revoked: result.grants,
      is_gone_from_copies: result.copies.isGone,
      gone_from_copies_since:
        result.copies.goneSinceMs === null ? null : new Date(result.copies.goneSinceMs).toISOString(),
      copies_open_with: result.copies.openWith,
    };
  }),
} as const;

/** Work on keys that tells of its progress. */
export const keyLineOperations = {
  /** One JSON object a line, whenever something has changed: `{ "rotations": [...], "unreadable_apps": [...] }`; the last one says `"is_finished": true`. */
  'keys.rotate': defineLines(
    { what: z.union([z.literal('root'), z.literal('all'), z.strictObject({ app: slug })]) },
    async function* (deps, input, signal) {
      const begun = await begin(deps, input.what).catch(rethrow);
      try {
        for await (const progress of followRotations(deps, begun, signal)) yield JSON.stringify(progress);
      } catch (error) {
        rethrow(error);
      }
    },
  ),
} as const;

async function begin(
  deps: VaultDeps,
  what: 'root' | 'all' | { app: string },
): Promise<{ ids: string[]; leftOut: string[] }> {
  const leftOut: string[] = [];
  if (what === 'root') {
    const id = await beginRootRotation(deps);
    return { ids: id === null ? [] : [id], leftOut };
  }
  const which = what === 'all' ? 'all' : { slug: what.app };
  return { ids: await beginAppRotations(deps, which, (app) => leftOut.push(app)), leftOut };
}

function rethrow(error: unknown): never {
  if (error instanceof RotationError || error instanceof KeyServiceError)
    throw new OperationError(error.code, error.message);
  throw error;
}
