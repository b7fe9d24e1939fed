import { describe, expect, it } from 'vitest';
import { parseTokenResponse, resolveProviderDefinition } from '../src/index.js';
import { nowMs, parse, secret } from './answer.js';

describe('R6 to R8: failures, by body first and status second', () => {
  it.each([
    [
      'github',
      200,
      { error: 'bad_refresh_token', error_description: 'x' },
      'invalid_grant',
      'bad_refresh_token',
    ],
    ['github', 200, { error: 'bad_verification_code' }, 'invalid_grant', 'bad_verification_code'],
    [
      'github',
      200,
      'error=incorrect_client_credentials&error_description=x',
      'invalid_client',
      'incorrect_client_credentials',
    ],
    ['slack', 200, { ok: false, error: 'invalid_refresh_token' }, 'invalid_grant', 'invalid_refresh_token'],
    ['slack', 200, { ok: false, error: 'bad_client_secret' }, 'invalid_client', 'bad_client_secret'],
    ['slack', 200, { ok: false, error: 'ratelimited' }, 'rate_limited', 'ratelimited'],
    ['slack', 200, { ok: false }, 'other', 'unknown_error'],
    ['slack', 200, { ok: false, access_token: secret, error: 'fatal_error' }, 'transient', 'fatal_error'],
    [
      'google',
      400,
      { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
      'invalid_grant',
      'invalid_grant',
    ],
    ['google', 401, { error: 'invalid_client' }, 'invalid_client', 'invalid_client'],
    ['google', 401, { error: 'deleted_client' }, 'invalid_client', 'deleted_client'],
    ['google', 401, { message: 'no' }, 'invalid_client', 'http_401'],
    ['google', 400, { error: { code: 400, message: 'x' } }, 'other', 'unknown_error'],
    ['google', 500, { error: 'invalid_grant' }, 'invalid_grant', 'invalid_grant'],
    ['google', 503, { error: 'something' }, 'transient', 'something'],
    ['google', 200, { scope: 'x' }, 'other', 'missing_access_token'],
    ['google', 200, { access_token: '' }, 'other', 'missing_access_token'],
    ['google', 200, { access_token: { nested: secret } }, 'other', 'missing_access_token'],
    ['google', 200, '', 'transient', 'empty_response'],
    ['google', 200, '[]', 'transient', 'unreadable_response'],
    ['google', 200, '{"access_token":"cut', 'transient', 'unreadable_response'],
    ['google', 200, `<html>${secret}</html>`, 'transient', 'html_response'],
    ['google', 401, '<!doctype html><title>gateway</title>', 'transient', 'html_response'],
    ['google', 502, '<html/>', 'transient', 'html_response'],
    ['google', 302, '', 'transient', 'unexpected_redirect'],
    ['google', 429, { error: 'invalid_grant' }, 'rate_limited', 'invalid_grant'],
    [
      'hubspot',
      400,
      { status: 'BAD_REFRESH_TOKEN', message: 'missing or unknown refresh token' },
      'invalid_grant',
      'BAD_REFRESH_TOKEN',
    ],
    ['hubspot', 400, { status: 'BAD_CLIENT_SECRET' }, 'invalid_client', 'BAD_CLIENT_SECRET'],
    [
      'atlassian',
      403,
      { error: 'unauthorized_client', error_description: 'refresh_token is invalid' },
      'invalid_grant',
      'unauthorized_client',
    ],
    [
      'atlassian',
      403,
      { error: 'unauthorized_client', error_description: 'client is not enabled' },
      'invalid_client',
      'unauthorized_client',
    ],
    ['zoom', 400, { reason: 'Invalid Token!', error: 'invalid_request' }, 'invalid_grant', 'invalid_request'],
    ['zoom', 400, { reason: 'Missing field', error: 'invalid_request' }, 'other', 'invalid_request'],
    [
      'microsoft',
      400,
      { error: 'interaction_required', error_description: 'AADSTS50076' },
      'invalid_grant',
      'interaction_required',
    ],
    ['salesforce', 400, { error: 'invalid_client_id' }, 'invalid_client', 'invalid_client_id'],
    [
      'salesforce',
      400,
      { error: 'invalid_grant', error_description: 'expired access/refresh token' },
      'invalid_grant',
      'invalid_grant',
    ],
    ['notion', 401, { object: 'error', status: 401, code: 'unauthorized' }, 'invalid_client', 'unauthorized'],
    ['notion', 400, { error: 'invalid_grant' }, 'invalid_grant', 'invalid_grant'],
  ])('%s %i %j: %s', (id, status, body, kind, error) => {
    expect(parse(id, { status, body })).toMatchObject({ ok: false, kind, error });
  });

  it.each([
    ['7', 7],
    ['Fri, 15 Jan 2027 08:00:30 GMT', 30],
    ['Fri, 15 Jan 2027 07:00:00 GMT', 0],
    ['999999999', 86_400],
    ['soon', undefined],
  ])('Retry-After %s', (value, expected) => {
    expect(parse('google', { status: 429, headers: { 'retry-after': value }, body: '' })).toMatchObject({
      kind: 'rate_limited',
    });
    const result = parse('google', { status: 429, headers: { 'Retry-After': value }, body: '' });
    expect(result.ok ? 'ok' : result.retryAfterSeconds).toBe(expected);
  });

  it('K7: nothing of the body comes back but code and words, and no token in those', () => {
    const answers = [
      {
        status: 400,
        body: {
          error: 'invalid_grant',
          error_description: `Token ${secret} is revoked`,
          access_token: secret,
        },
      },
      { status: 400, body: { error: secret, error_description: secret } },
      { status: 400, body: { error: 'x', error_description: `tail ${'a'.repeat(50)}${secret}` } },
      { status: 500, body: `<html>${secret}</html>` },
      { status: 200, body: `{"access_token":"${secret}` },
    ];
    for (const answer of answers) expect(JSON.stringify(parse('google', answer))).not.toContain('SECRET');
  });

  it('K7: what was sent is blotted out however short it is', () => {
    const result = parseTokenResponse({
      definition: resolveProviderDefinition({ id: 'google' }),
      status: 400,
      headers: {},
      bodyText: '{"error":"short","error_description":"short is not valid"}',
      nowMs,
      secrets: ['short'],
    });
    expect(result).toEqual({
      ok: false,
      kind: 'other',
      error: 'unknown_error',
      errorDescription: '[…] is not valid',
    });
  });

  it('never throws, whatever comes', () => {
    const pieces = [
      '',
      '{',
      '}',
      '[',
      ']',
      'null',
      '"',
      'access_token',
      '=',
      '&',
      ':',
      '<',
      '1e999',
      '__proto__',
      '\u0000',
      '%',
      '{"access_token":null}',
      '{"authed_user":[]}',
      ',',
    ];
    let seed = 7;
    const pick = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return pieces[seed % pieces.length] ?? '';
    };
    for (let round = 0; round < 3000; round += 1) {
      const body = Array.from({ length: round % 9 }, pick).join('');
      for (const id of ['slack', 'google'])
        expect(typeof parse(id, { status: round % 2 ? 200 : 400, headers: {}, body }).ok).toBe('boolean');
    }
  });
});
