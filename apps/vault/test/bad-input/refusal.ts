import { createHash } from 'node:crypto';
import { errorBodySchema, errorCodes, errorTable } from '@alter-ai/core-contract';
import { expect } from 'vitest';
import { queryAudit } from '../../src/audit/query-audit.js';
import type { TestVault } from '../harness.js';

/** What a refusal has to be. */
export interface ExpectedRefusal {
  readonly status: number;
  readonly error: string;
  readonly field?: string;
  /** Kind of the audit record that has to carry the request's id. */
  readonly recordedAs?: string;
}

/** Tables that a refused request must leave as they are; the log and the nonces grow on purpose. */
const stateTables = [
  'apps',
  'data_keys',
  'api_keys',
  'provider_configs',
  'identity_providers',
  'policies',
  'users',
  'actors',
  'credentials',
  'grants',
  'connect_sessions',
  'authorizations',
] as const;

/** Number of rows and digest of their content, by table. */
export async function digestState(vault: TestVault): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const table of stateTables) {
    const rows = await vault.deps.storage.db.selectFrom(table).selectAll().execute();
    const lines = rows.map((row) => JSON.stringify(row)).sort();
    digests[table] = `${lines.length} ${createHash('sha256').update(lines.join('\n')).digest('hex')}`;
  }
  return digests;
}

const resolvedPages = new WeakMap<TestVault, Set<string>>();

/** Checks that an answer is the whole envelope, gives nothing away, and is the documented refusal. */
export async function expectRefusal(
  vault: TestVault,
  response: Response,
  expected: ExpectedRefusal,
): Promise<Record<string, unknown>> {
  const text = await response.text();
  expect(text === '' ? `${response.status} without a body` : text).toContain('"error"');
  const body = JSON.parse(text) as Record<string, unknown>;
  const seen = { status: response.status, error: body.error, field: expected.field && body.field };
  const { status, error, field } = expected;
  expect(seen, text).toEqual({ status, error, field });
  await expectEnvelope(vault, response, body);
  expectNothingLeaks(vault, text);
  if (expected.recordedAs !== undefined) {
    expect(await findRecord(vault, String(body.request_id))).toMatchObject({
      kind: expected.recordedAs,
      error_code: expected.error,
    });
  }
  return body;
}

/** Checks the envelope of whatever error came back, and that it is no defect. */
export async function expectEnvelope(
  vault: TestVault,
  response: { readonly status: number; readonly headers: Headers },
  body: Record<string, unknown>,
): Promise<void> {
  const parsed = errorBodySchema.parse(body);
  expect(errorCodes).toContain(parsed.error);
  const facts = errorTable[parsed.error as keyof typeof errorTable];
  expect(response.status).toBe(facts.status);
  expect(response.status).not.toBe(500);
  expect(parsed.retryable).toBe(facts.retryable);
  expect(parsed.request_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(response.headers.get('x-request-id')).toBe(parsed.request_id);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const resolved = resolvedPages.get(vault) ?? new Set();
  resolvedPages.set(vault, resolved);
  if (resolved.has(parsed.documentation_url)) return;
  const page = await vault.app.request(parsed.documentation_url);
  expect([parsed.documentation_url, page.status]).toEqual([parsed.documentation_url, 200]);
  resolved.add(parsed.documentation_url);
}

/** Checks that no key, client secret, stack trace or path of the machine stands in an answer. */
export function expectNothingLeaks(vault: TestVault, text: string): void {
  for (const secret of [...Object.values(vault.apiKeys), 'acme-secret', vault.dataDir]) {
    expect(text.includes(secret)).toBe(false);
  }
  expect(text).not.toMatch(/\bat .{0,200}\.[cm]?[jt]s:\d+|node_modules|SQLITE_|kysely|select .* from/i);
}

/** The newest record of one request. */
export async function findRecord(
  vault: TestVault,
  requestId: string,
): Promise<Record<string, unknown> | undefined> {
  await vault.deps.audit.flush();
  const { lines } = await queryAudit(vault.deps.storage, { filter: {}, limit: 30 });
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find((record) => record.request_id === requestId);
}
