import { z } from 'zod';

/** Version of the file's format. */
export const backupFormatVersion = 1;

/**
 * The first line of a backup. It says what the file is without any key; the wrapped vault key in it tells, before anything is
 * written, whether a root key is the right one.
 */
export const manifestSchema = z.strictObject({
  format: z.literal('alter-vault-backup'),
  format_version: z.literal(backupFormatVersion),
  made_by: z.string(),
  made_at: z.iso.datetime(),
  database: z.enum(['sqlite', 'postgres']),
  migrations: z.array(z.string()),
  root_key_id: z.string(),
  vault_key: z.base64(),
});

/** What a backup says about itself. */
export type BackupManifest = z.output<typeof manifestSchema>;

/** The last line: length and SHA-256 of everything before it. */
export const sealSchema = z.strictObject({
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
