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

/** Checks that an answer is the whole envelope, gives nothing away, and is the documented refusal, on record where it has to be. */
export async function expectRefusal(
  vault: TestVault,
  response: Response,
  expected: ExpectedRefusal,
): Promise<Record<string, unknown>> {
  const [body] = await expectRefusals(vault, [[response, expected]]);
  return body ?? {};
}

/** The same for calls that run at the same time, as their records then share a write. */
export async function expectRefusals(
  vault: TestVault,
  calls: readonly (readonly [Promise<Response> | Response, ExpectedRefusal])[],
): Promise<Record<string, unknown>[]> {
  const responses = await Promise.all(calls.map(([response]) => response));
  const bodies: Record<string, unknown>[] = [];
  const records: unknown[] = [];
  for (const [index, [, expected]] of calls.entries()) {
    const response = responses[index];
    if (!response) throw new Error('no answer');
    const body = await expectAnswer(vault, response, expected);
    bodies.push(body);
    const { request_id } = body;
    if (expected.recordedAs)
      records.push({ request_id, kind: expected.recordedAs, error_code: expected.error });
  }
  if (records.length > 0) {
    const written = await listRecords(vault);
    expect(written).toEqual(expect.arrayContaining(records.map((record) => expect.objectContaining(record))));
  }
  return bodies;
}

async function expectAnswer(
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

/** The newest records. */
export async function listRecords(vault: TestVault): Promise<Record<string, unknown>[]> {
  await vault.deps.audit.flush();
  const { lines } = await queryAudit(vault.deps.storage, { filter: {}, limit: 60 });
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
