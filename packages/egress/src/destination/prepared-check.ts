import { parseAllowedNetworks } from './allowed-networks.js';
import {
  checkDestinationWith,
  type DestinationCheck,
  type EgressPolicy,
  forbiddenCharacters,
  urlLengthMax,
} from './check-destination.js';

/** What {@link checkDestination} says, without the parsed URL. */
export type DestinationVerdict = { readonly ok: true } | Extract<DestinationCheck, { ok: false }>;

/** Origins that stay known to one check: an API has few, and what callers make up must not fill the memory. */
const originsMax = 100;
const slash = 0x2f;
const question = 0x3f;
const hash = 0x23;

/**
 * Prepares {@link checkDestination} for many URLs under one policy. The verdict hangs on scheme and authority alone once the text
 * has no forbidden character: nothing behind them can make a URL unreadable. So an origin, as it is spelled, is judged once.
 * Throws RangeError when the policy itself cannot be read.
 */
export function prepareDestinationCheck(policy: EgressPolicy): (url: string) => DestinationVerdict {
  const allowance = parseAllowedNetworks(policy.allowedNetworks ?? []);
  const goodOrigins = new Set<string>();
  return (url) => {
    const origin = readOrigin(url);
    const isKnown = origin !== undefined && goodOrigins.has(origin);
    if (isKnown && url.length <= urlLengthMax && !forbiddenCharacters.test(url)) return { ok: true };
    const verdict = checkDestinationWith(url, policy, allowance);
    if (verdict.ok && origin !== undefined && goodOrigins.size < originsMax) goodOrigins.add(origin);
    return verdict;
  };
}

/** Everything before the first slash, question mark or hash after `://`; undefined where there is no `://`. */
function readOrigin(url: string): string | undefined {
  const schemeEnd = url.indexOf('://');
  if (schemeEnd === -1) return undefined;
  let end = schemeEnd + 3;
  for (; end < url.length; end += 1) {
    const code = url.charCodeAt(end);
    if (code === slash || code === question || code === hash) break;
  }
  return url.slice(0, end);
}
