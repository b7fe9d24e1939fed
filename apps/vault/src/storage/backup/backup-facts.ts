/** What a backup says about the database it was made of, all of one moment. */
export interface BackupFacts {
  readonly database: 'sqlite' | 'postgres';
  /** Migrations that the database has had, in order. */
  readonly migrations: readonly string[];
  /** The vault's own key, wrapped by the root key: what a wrong root key is noticed by, before anything is restored (K4). */
  readonly vaultKey: Buffer;
}

/** There is nothing to back up, or something where nothing may be. The message says what to do. */
export class BackupRefusedError extends Error {
  readonly code: 'nothing_to_back_up' | 'database_not_empty' | 'backup_unusable';

  constructor(code: BackupRefusedError['code'], message: string) {
    super(message);
    this.name = 'BackupRefusedError';
    this.code = code;
  }
}

/** Key of the note about a restore in `meta`. */
export const restoreNoteKey = 'restored';
