import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** An empty database of its own on a PostgreSQL server. */
export interface OwnDatabase {
  readonly url: string;
  /** Ends its connections too. */
  drop(): Promise<void>;
}

/** Makes one; `label` says in its name what it is for. */
export async function createOwnDatabase(serverUrl: string, label: string): Promise<OwnDatabase> {
  const name = `alter_${label}_${randomBytes(6).toString('hex')}`;
  const run = async (statement: string) => {
    const client = new pg.Client({ connectionString: serverUrl });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await run(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(`drop database if exists ${name} with (force)`) };
}
