import type { RequestContext } from '../../http/request-context.js';
import type { AppSettings } from '../../settings/settings-reader.js';
import type { UsableGrant } from '../../storage/live/grants/usable-grant.js';
import type { CallFacts } from '../describe-call.js';
import { decideAccess, toPolicyError } from './decide-access.js';
import { checkCallDestination } from './list-allowed-hosts.js';

/** Where a credential is about to be used. */
export interface CallTarget {
  readonly url: string;
  readonly allowedHosts: readonly string[];
  /** Beside the app's own: CIDRs and hosts inside the operator's network. */
  readonly allowedNetworks?: readonly string[];
}

/**
 * What stands between a grant and its credential, before anything is opened (E1, P1): the destination, then the rules.
 * @throws ApiError `blocked_destination`, or the denying rule's kind
 */
export function checkCall(
  context: RequestContext,
  settings: AppSettings,
  grant: UsableGrant,
  target: CallTarget,
  facts: CallFacts,
): void {
  const { deps } = context;
  const { allowedNetworks = [] } = target;
  checkCallDestination(target.url, target.allowedHosts, {
    allowedNetworks:
      allowedNetworks.length === 0
        ? settings.allowedNetworks
        : [...settings.allowedNetworks, ...allowedNetworks],
    isDevelopment: deps.config.isDevelopment,
  });
  const place = { grantId: grant.grant_id, providerId: grant.provider_id };
  const denial = decideAccess(settings, place, {
    nowMs: deps.clock(),
    sourceAddress: context.sourceAddress,
  });
  if (!denial) return;
  facts.denial = denial;
  throw toPolicyError(denial, place);
}
