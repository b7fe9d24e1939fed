import { describe, expect, it } from 'vitest';
import type { SessionResult } from '../session/session-state.js';
import { buildPostedGrants, buildReturnAddress } from './posted-grants.js';

const result: SessionResult = {
  grantId: '01900000-0000-7000-8000-000000000001',
  providerId: 'acme',
  providerName: 'Acme',
  accountIdentifier: 'alice@example.test',
  accountDisplayName: 'Alice',
  accountEmail: null,
  scopes: ['openid', 'email'],
  operation: 'creation',
  atMs: 0,
  apiBaseUrl: null,
  grantExpiresAtMs: null,
  policyCreatedBy: null,
};

describe('wire/4: what the popup posts and the redirect carries', () => {
  it('posts the published shape', () => {
    expect(buildPostedGrants([result])).toEqual([
      {
        grant_id: result.grantId,
        provider: 'acme',
        provider_name: 'Acme',
        account_identifier: 'alice@example.test',
        timestamp: '1970-01-01T00:00:00.000Z',
        operation: 'creation',
        scopes: ['openid', 'email'],
        status: 'active',
        metadata: { account_display_name: 'Alice' },
      },
    ]);
  });

  it('carries exactly the published parameters, and keeps those of the return URL', () => {
    const url = new URL(
      buildReturnAddress('https://app.example.com/connected?tab=1', { results: [result], error: null }),
    );
    expect(Object.fromEntries(url.searchParams)).toEqual({
      tab: '1',
      alter_connect_success: 'true',
      grant_id: result.grantId,
      provider: 'acme',
      provider_name: 'Acme',
      account_identifier: 'alice@example.test',
      timestamp: '1970-01-01T00:00:00.000Z',
      operation: 'creation',
      scopes: 'openid,email',
      status: 'active',
    });
  });

  it('adds all grants where there are several', () => {
    const second = { ...result, grantId: '01900000-0000-7000-8000-000000000002' };
    const url = new URL(
      buildReturnAddress('https://app.example.com/', { results: [result, second], error: null }),
    );
    const all = JSON.parse(
      Buffer.from(url.searchParams.get('alter_grants') ?? '', 'base64url').toString(),
    ) as unknown[];
    expect(all).toHaveLength(2);
  });

  it('carries the error of a failed session', () => {
    const error = { code: 'connect_denied' as const, message: 'No.', reference: 'x' };
    const url = new URL(buildReturnAddress('https://app.example.com/', { results: [], error }));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      alter_connect_error: 'connect_denied',
      error_code: 'connect_denied',
      error_description: 'No.',
    });
  });
});
