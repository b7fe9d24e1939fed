import type { Tables } from '../../tables.js';

/**
 * Where the sealed values of apps are. Every one is bound to its table, row, app and field (K1), is re-encrypted when the app's
 * key rotates (K3), counted by `alter doctor`, and destroyed when the app is shredded (K2). All tables have `app_id` and `id`.
 */
export interface SealedColumn {
  readonly table: keyof Tables;
  readonly column: string;
  /** `SealContext.field` of its values; several where rows of two kinds are in one table. */
  readonly fields: readonly string[];
  /** Whether the column takes null; else an empty value stands for none. */
  readonly isNullable: boolean;
  /** Whether processes keep the row in memory until the app's version changes. */
  readonly isSettings: boolean;
}

/** Every sealed column of apps. A test compares it with the tables. */
export const sealedColumns: readonly SealedColumn[] = [
  {
    table: 'api_keys',
    column: 'sealed_signing_key',
    fields: ['signing_key'],
    isNullable: false,
    isSettings: true,
  },
  {
    table: 'provider_configs',
    column: 'sealed_client_secrets',
    fields: ['client_secrets'],
    isNullable: true,
    isSettings: true,
  },
  {
    table: 'identity_providers',
    column: 'sealed_sign_in_secret',
    fields: ['sign_in_secret'],
    isNullable: true,
    isSettings: true,
  },
  { table: 'webhooks', column: 'sealed_secrets', fields: ['secrets'], isNullable: false, isSettings: true },
  {
    table: 'credentials',
    column: 'sealed_tokens',
    fields: ['tokens', 'secret'],
    isNullable: false,
    isSettings: false,
  },
  {
    table: 'connect_sessions',
    column: 'sealed_mismatch',
    fields: ['mismatch'],
    isNullable: true,
    isSettings: false,
  },
  {
    table: 'authorizations',
    column: 'sealed_state',
    fields: ['state'],
    isNullable: false,
    isSettings: false,
  },
];
