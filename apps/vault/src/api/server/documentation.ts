import type { VaultDeps } from '../../deps.js';
import type { RouteRegistration } from '../../http/route.js';

/** placeholder, replaced below */
export function createDocumentationRoutes(_deps: VaultDeps): readonly RouteRegistration[] {
  return [];
}
