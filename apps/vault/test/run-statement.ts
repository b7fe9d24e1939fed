import pg from 'pg';

/** Runs one statement on a connection of its own: on the server of the tests (`DATABASE_URL`), unless another database is named. */
export async function runStatement<T extends object>(
  statement: string,
  databaseUrl = process.env.DATABASE_URL,
): Promise<T[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<T>(statement)).rows;
  } finally {
    await client.end();
  }
}
