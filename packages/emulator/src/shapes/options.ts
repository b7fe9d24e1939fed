import type { ClientRegistration, OpenerPolicy } from '../control/world.js';
import type { EmulatedUser } from '../users.js';

/** The twelve providers whose shape is emulated. */
export const SHAPED_PROVIDER_IDS = [
  'google',
  'microsoft',
  'slack',
  'github',
  'notion',
  'hubspot',
  'salesforce',
  'atlassian',
  'linear',
  'dropbox',
  'zoom',
  'spotify',
] as const;

/** One of SHAPED_PROVIDER_IDS. */
export type ShapedProviderId = (typeof SHAPED_PROVIDER_IDS)[number];

/** How the shaped providers are set up. */
export type ShapedProvidersOptions = {
  /** Default 0: any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Clients beside the one every provider has: `{id}-client` with secret `{id}-secret` and any loopback redirect. */
  clients?: Partial<Record<ShapedProviderId, ClientRegistration[]>>;
  users?: readonly EmulatedUser[];
  coop?: OpenerPolicy;
  /** Overrides every provider's own lifetime. */
  accessTokenTtlSeconds?: number;
  tokenDelayMs?: number;
  /** Default true: `/__emulator/` answers to programs on this machine. */
  hasControlApi?: boolean;
  /** Milliseconds since 1970; default the machine's clock. */
  now?: () => number;
};
