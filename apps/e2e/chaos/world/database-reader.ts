import { join } from 'node:path';
import Database from 'better-sqlite3';
import type pg from 'pg';
import type { PostgresPair } from './postgres-pair.js';

/** A credential of a grant as it stands in the database. */
export interface CredentialState {
  readonly grantId: string;
  readonly status: string;
  readonly cause: string | null;
  readonly evidence: string | null;
}

/** What the audit log is read for. */
export interface RecordedFacts {
  /** Ids of requests that released a credential. */
  readonly releases: Set<string>;
  /** Grants whose credential was once declared dead. */
  readonly deaths: Set<string>;
}

/** The tester's own look into the database, past every proxy. Rejects while the database is not to be had. */
export interface DatabaseReader {
  readCredentials(): Promise<CredentialState[]>;
  /** Adds what is on record and was not told before; what was added stays when it rejects. */
  readNewRecords(into: RecordedFacts): Promise<void>;
  /** The newest signed checkpoint as `alter audit checkpoint` writes it, without making one; undefined: there is none yet. */
  readNewestCheckpoint(): Promise<string | undefined>;
  /** From now on everything counts as not told before. */
  forgetProgress(): void;
  close(): Promise<void>;
}

const credentialQuery = `select g.id as "grantId", c.status as status, c.death_cause as cause,
  c.death_evidence_json as evidence
  from grants g join credentials c on c.app_id = g.app_id and c.id = g.credential_id where g.status = 'active'`;

function buildRecordQuery(table: string, chain: string, after: string): string {
  return `select chain_id, sequence, kind, grant_id as "grantId", record from ${table}
    where (kind = 'credential.died' or kind = 'access.retrieve' and outcome = 'released') and chain_id = ${chain} and sequence > ${after}`;
}

interface RecordRow {
  readonly chain_id: string;
  readonly sequence: number | string;
  readonly kind: string;
  readonly grantId: string | null;
  readonly record: string;
}

const checkpointQuery =
  'select note, contents, signature from audit_checkpoints order by number desc limit 1';

interface CheckpointRow {
  readonly note: string;
  readonly contents: string;
  readonly signature: Buffer;
}

function writeCheckpoint(row: CheckpointRow | undefined): string | undefined {
  if (row === undefined) return undefined;
  const signature = Buffer.from(row.signature).toString('base64url');
  return `{"contents":${row.contents},"note":${row.note},"signature":"${signature}"}`;
}

/** Remembers how far each chain of each month was read. */
function createProgress() {
  const reached = new Map<string, number>();
  return {
    forget: () => reached.clear(),
    find: (table: string, chain: string) => reached.get(`${table}/${chain}`) ?? 0,
    note: (table: string, rows: readonly RecordRow[], into: RecordedFacts): void => {
      for (const row of rows) {
        const key = `${table}/${row.chain_id}`;
        reached.set(key, Math.max(reached.get(key) ?? 0, Number(row.sequence)));
        if (row.kind === 'credential.died') into.deaths.add(row.grantId ?? '');
        else into.releases.add((JSON.parse(row.record) as { request_id?: string }).request_id ?? '');
      }
    },
  };
}

/** Reads PostgreSQL, whichever server is the primary now. */
export function createPostgresReader(pair: PostgresPair): DatabaseReader {
  const progress = createProgress();
  async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await pair.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => {});
    }
  }
  return {
    readCredentials: () =>
      withClient(async (client) => (await client.query<CredentialState>(credentialQuery)).rows),
    readNewRecords: (into) =>
      withClient(async (client) => {
        const months = await client.query<{ name: string }>(
          "select tablename as name from pg_tables where tablename ~ '^audit_[0-9]'",
        );
        const chains = await client.query<{ id: string }>('select id from audit_chains');
        for (const { name } of months.rows) {
          for (const { id } of chains.rows) {
            const query = buildRecordQuery(name, '$1', '$2');
            const { rows } = await client.query<RecordRow>(query, [id, progress.find(name, id)]);
            progress.note(name, rows, into);
          }
        }
      }),
    readNewestCheckpoint: () =>
      withClient(async (client) =>
        writeCheckpoint((await client.query<CheckpointRow>(checkpointQuery)).rows[0]),
      ),
    forgetProgress: progress.forget,
    close: async () => {},
  };
}

/** Reads the SQLite file of the one vault. */
export function createSqliteReader(dataDir: string): DatabaseReader {
  const progress = createProgress();
  const database = new Database(join(dataDir, 'vault.db'), { readonly: true, timeout: 1_000 });
  return {
    readCredentials: async () => database.prepare<[], CredentialState>(credentialQuery).all(),
    readNewRecords: async (into) => {
      const months = database
        .prepare<[], { name: string }>(
          "select name from sqlite_master where type = 'table' and name glob 'audit_[0-9]*'",
        )
        .all();
      const chains = database.prepare<[], { id: string }>('select id from audit_chains').all();
      for (const { name } of months) {
        const query = database.prepare<[string, number], RecordRow>(buildRecordQuery(name, '?', '?'));
        for (const { id } of chains) progress.note(name, query.all(id, progress.find(name, id)), into);
      }
    },
    readNewestCheckpoint: async () =>
      writeCheckpoint(database.prepare<[], CheckpointRow>(checkpointQuery).get()),
    forgetProgress: progress.forget,
    close: async () => void database.close(),
  };
}
