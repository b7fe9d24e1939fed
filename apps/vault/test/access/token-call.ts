import { sql } from 'kysely';
import type { ConnectStack } from '../connect/stack.js';
import type { SignedFetchOptions } from '../harness.js';

/** Asks for a token for a call of the provider's API. */
export function callToken(
  stack: ConnectStack,
  body: Record<string, unknown>,
  options: SignedFetchOptions = {},
): Promise<Response> {
  return stack.vault.signedFetch(
    'POST',
    '/sdk/token',
    {
      reason: null,
      request: { method: 'GET', url: `${stack.provider.issuer}/api/messages` },
      ...body,
    },
    options,
  );
}

/** The body of an answer. */
export async function readJson(answer: Response): Promise<Record<string, unknown>> {
  return (await answer.json()) as Record<string, unknown>;
}

/** The records of one grant, oldest first. */
export async function listAuditRecords(
  stack: ConnectStack,
  grantId: string,
): Promise<Record<string, unknown>[]> {
  const { deps } = stack.vault;
  await deps.audit.flush();
  const month = new Date(deps.clock()).toISOString().slice(0, 7).replace('-', '_');
  const { rows } = await sql<{ record: string }>`
    select record from ${sql.table(`audit_${month}`)} where grant_id = ${grantId} order by at, sequence`.execute(
    deps.storage.db,
  );
  return rows.map((row) => JSON.parse(row.record) as Record<string, unknown>);
}
