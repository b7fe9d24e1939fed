import { z } from 'zod';

/** Version of the key-scope list below; grows when a scope is added. */
export const scopeVersion = 1;

/** Everything an API key can be allowed to do; one of these per endpoint (decisions.md "Key scopes"). */
export const keyScopes = [
  'connect:initiate',
  'tokens:retrieve',
  'proxy:execute',
  'audit:emit',
  'grants:read',
  'grants:write',
  'providers:read',
  'idp_users:read',
  'idp_users:write',
] as const;

/** One key scope. */
export type KeyScope = (typeof keyScopes)[number];

/** Schema of one key scope. */
export const keyScopeSchema = z.enum(keyScopes);
