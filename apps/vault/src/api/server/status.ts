import { buildOpenApiDocument, serverEndpoints } from '@alter-ai/core-contract';
import type { VaultDeps } from '../../deps.js';
import { ApiError } from '../../http/api-error.js';
import { page, type RouteRegistration, route } from '../../http/route.js';
import type { ServerState } from './server-state.js';

/** Endpoints about the server itself: alive, ready, and the OpenAPI document. */
export function createStatusRoutes(deps: VaultDeps, state: ServerState): readonly RouteRegistration[] {
  const document = JSON.stringify(buildOpenApiDocument(deps.config.publicUrl));
  return [
    route(serverEndpoints.health, async () => ({ status: 'ok' }) as const),
    route(serverEndpoints.readiness, async () => {
      if (state.isStopping) {
        throw new ApiError('service_unavailable', { message: 'The server is stopping.' });
      }
      if (!(await deps.storage.isUsable())) {
        throw new ApiError('service_unavailable', { message: 'The database does not answer.' });
      }
      return { status: 'ready' } as const;
    }),
    page('GET', '/openapi.json', ({ raw }) =>
      raw.body(document, 200, {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'public, max-age=300',
      }),
    ),
  ];
}
