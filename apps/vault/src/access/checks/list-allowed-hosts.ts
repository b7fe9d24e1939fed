import { type DestinationVerdict, prepareDestinationCheck } from '@alter-ai/egress';
import { allowedApiHosts } from '@alter-ai/oauth-providers';
import { ApiError } from '../../http/api-error.js';
import type { ProviderSettings } from '../../settings/settings-reader.js';
import type { UsableGrant } from '../../storage/live/grants/usable-grant.js';

/** Longest URL that egress takes; of a longer one only what stands before the query is checked here. */
const checkedCharactersMax = 8000;
/** Most grants of a provider have neither parameters nor hosts of their own, so one list serves them all. */
const plainHosts = new WeakMap<ProviderSettings, readonly string[]>();

/** Hosts that a grant's credential may go to (E1, E5): `host[:port]` or `*.example.com`. */
export function listAllowedHosts(
  provider: ProviderSettings,
  grant: Pick<UsableGrant, 'parameters_json' | 'metadata_json'>,
): readonly string[] {
  const isPlain =
    grant.parameters_json === '{}' &&
    (grant.metadata_json === '{}' || provider.definition.runtime_hosts.length === 0);
  if (isPlain) {
    let hosts = plainHosts.get(provider);
    if (!hosts) {
      hosts = readHosts(provider, {}, {});
      plainHosts.set(provider, hosts);
    }
    return hosts;
  }
  return readHosts(provider, readTexts(grant.parameters_json), readTexts(grant.metadata_json));
}

/**
 * Checks that a credential may be attached to a call of `url` (E1). Nothing is resolved: the caller makes the call.
 * @throws ApiError `blocked_destination`
 */
export function checkCallDestination(
  url: string,
  allowedHosts: readonly string[],
  facts: { allowedNetworks: readonly string[]; isDevelopment: boolean },
): void {
  const head = url.length > checkedCharactersMax ? (url.split(/[?#]/, 1)[0] ?? '') : url;
  const check = prepareCheck(allowedHosts, facts)(head);
  if (check.ok) return;
  throw new ApiError('blocked_destination', {
    message: `The credential may not be sent to this destination: ${check.reason}.`,
    fields: { ...(check.host === undefined ? {} : { host: check.host }), allowed_hosts: allowedHosts },
  });
}

interface PreparedCheck {
  readonly allowedNetworks: readonly string[];
  readonly isDevelopment: boolean;
  readonly check: (url: string) => DestinationVerdict;
}

/** By the list of hosts, which is one object for all plain grants of a provider at one version of the settings. */
const preparedChecks = new WeakMap<readonly string[], PreparedCheck>();

function prepareCheck(
  allowedHosts: readonly string[],
  facts: { allowedNetworks: readonly string[]; isDevelopment: boolean },
): (url: string) => DestinationVerdict {
  const { allowedNetworks, isDevelopment } = facts;
  const known = preparedChecks.get(allowedHosts);
  if (known?.allowedNetworks === allowedNetworks && known.isDevelopment === isDevelopment) return known.check;
  const check = prepareDestinationCheck({ allowedHosts, allowedNetworks, isDevelopment });
  preparedChecks.set(allowedHosts, { allowedNetworks, isDevelopment, check });
  return check;
}

function readHosts(
  provider: ProviderSettings,
  parameters: Readonly<Record<string, string>>,
  metadata: Readonly<Record<string, string>>,
): readonly string[] {
  try {
    return Object.freeze(allowedApiHosts(provider.definition, parameters, metadata));
  } catch {
    // Parameters that no longer fit the definition lead nowhere (C7).
    return [];
  }
}

function readTexts(json: string): Record<string, string> {
  const entries = Object.entries(JSON.parse(json) as Record<string, unknown>);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
