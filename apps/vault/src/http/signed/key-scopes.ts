import { type KeyScope, keyScopes, scopeVersion } from '@alter-ai/core-contract';
import { ApiError } from '../api-error.js';

const known = new Set<string>(keyScopes);
const field = 'x-alter-scope-constraints';

/**
 * What a key may do in this request: its scopes, narrowed by `X-Alter-Scope-Constraints` (wire/1 section 3).
 * @throws ApiError `constraint_not_narrowing`; `not_supported_yet` for a scope qualified with a resource
 */
export function narrowScopes(
  granted: ReadonlySet<KeyScope>,
  constraints: string | undefined,
): ReadonlySet<KeyScope> {
  if (constraints === undefined) return granted;
  const narrowed = new Set<KeyScope>();
  for (const item of constraints.split(',')) {
    const scope = keyScopes.find((candidate) => candidate === item);
    if (scope && granted.has(scope)) narrowed.add(scope);
    else if (!scope && known.has(item.split(':').slice(0, 2).join(':'))) {
      throw new ApiError('not_supported_yet', {
        message: 'Scopes qualified with a resource are not supported by this server yet.',
        fields: { field },
      });
    } else throw new ApiError('constraint_not_narrowing', { fields: { field, granted: [...granted] } });
  }
  return narrowed;
}

/** Refuses a call whose scope is not among those. @throws ApiError `insufficient_scope` with the fields of wire/1 section 7.2 */
export function requireScope(scopes: ReadonlySet<KeyScope>, scope: KeyScope | null): void {
  if (scope === null || scopes.has(scope)) return;
  throw new ApiError('insufficient_scope', {
    message: `This call needs the scope ${scope}.`,
    fields: {
      required: [scope],
      granted: [...scopes],
      missing: [scope],
      scope_version: scopeVersion,
      current_scope_version: scopeVersion,
      scope_version_mismatch: false,
    },
  });
}
