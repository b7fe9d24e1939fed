import type { AuditEvent } from '../audit/audit-event.js';
import type { VaultDeps } from '../deps.js';
import type { RefreshTarget } from './refresh-target.js';

/**
 * Puts a step of a credential's life on record (A4). It does not wait: what the provider has done is done, and a token
 * must be stored whether or not the record can be written.
 */
export function recordEvent(
  deps: Pick<VaultDeps, 'audit' | 'log'>,
  target: Pick<RefreshTarget, 'appId' | 'provider'> & { readonly grantId?: string },
  event: Omit<AuditEvent, 'appId' | 'grantId' | 'providerId'>,
): void {
  const { appId, grantId, provider } = target;
  deps.audit.append({ ...event, appId, grantId, providerId: provider.providerId }).catch((error: unknown) => {
    deps.log.error(
      { event: event.kind, grant_id: grantId, error: error instanceof Error ? error.name : 'unknown' },
      'refresh event not recorded',
    );
  });
}
