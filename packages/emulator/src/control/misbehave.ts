import { setTimeout as sleep } from 'node:timers/promises';
import { jsonResponse } from '../http/exchange.js';
import type { Misbehaviour } from './misbehaviour.js';

/** `cut`: the connection is to be closed without an answer; `abandoned`: the caller had gone, nothing was done. */
export type MisbehavedOutcome = Response | 'cut' | 'abandoned';

const ANSWERING = new Set([
  'error_in_200',
  'error',
  'html',
  'server_error',
  'rate_limit',
  'insufficient_scope',
  'cut',
]);

/** Runs a request through the orders that concern it: delays, false answers, spoiled answers. */
export async function runWithMisbehaviours(
  orders: readonly Misbehaviour[],
  isDisconnected: () => boolean,
  process: () => Promise<Response>,
): Promise<MisbehavedOutcome> {
  const before = orders.filter((order) => (order.when ?? 'before') === 'before');
  const after = orders.filter((order) => order.when === 'after');
  if ((await delayAll(before, isDisconnected)) === 'abandoned') return 'abandoned';
  const refusal = before.find((order) => ANSWERING.has(order.kind));
  if (refusal) return answerFalsely(refusal);
  let response = await process();
  for (const order of orders) response = await spoilAnswer(order, response);
  await delayAll(after, () => false);
  const loss = after.find((order) => ANSWERING.has(order.kind));
  return loss ? answerFalsely(loss) : response;
}

async function delayAll(
  orders: readonly Misbehaviour[],
  isDisconnected: () => boolean,
): Promise<'abandoned' | 'waited'> {
  for (const order of orders) {
    if (order.kind !== 'delay') continue;
    await sleep(order.delayMs ?? 1000);
    if (order.isDroppedOnDisconnect && isDisconnected()) return 'abandoned';
  }
  return 'waited';
}

function answerFalsely(order: Misbehaviour): Response | 'cut' {
  const error = order.error ?? 'invalid_grant';
  const body = { error, error_description: order.errorDescription ?? 'the emulator was told to answer so' };
  const retryAfter: Record<string, string> =
    order.retryAfterSeconds === undefined ? {} : { 'retry-after': String(order.retryAfterSeconds) };
  switch (order.kind) {
    case 'cut':
      return 'cut';
    case 'error_in_200':
      return jsonResponse({ ok: false, ...body });
    case 'error':
      return jsonResponse(body, order.status ?? (error === 'invalid_client' ? 401 : 400), retryAfter);
    case 'server_error':
      return jsonResponse({ error: 'server_error' }, order.status ?? 503, retryAfter);
    case 'rate_limit':
      return jsonResponse({ error: 'rate_limited' }, 429, {
        'retry-after': String(order.retryAfterSeconds ?? 1),
      });
    case 'insufficient_scope':
      return jsonResponse({ error: 'insufficient_scope' }, 403, {
        'www-authenticate': `Bearer error="insufficient_scope", scope="${order.scope ?? 'admin'}"`,
      });
    default:
      return new Response(
        '<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1><p>Please try later.</p>',
        {
          status: order.status ?? 502,
          headers: { 'content-type': 'text/html; charset=utf-8', ...retryAfter },
        },
      );
  }
}

async function spoilAnswer(order: Misbehaviour, response: Response): Promise<Response> {
  if (ANSWERING.has(order.kind) || order.kind === 'delay' || response.status !== 200) return response;
  const text = await response.text();
  const tokens = parseTokens(text);
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  if (!tokens) return new Response(text, { status: response.status, headers });
  if (order.kind === 'form_encoded') {
    headers.set('content-type', 'application/x-www-form-urlencoded; charset=utf-8');
    const pairs = Object.entries(tokens).map(([name, value]): [string, string] => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]);
    return new Response(new URLSearchParams(pairs).toString(), { status: 200, headers });
  }
  headers.set('content-type', 'application/json');
  const whole = JSON.stringify(spoilTokens(order, tokens));
  const body = order.kind === 'broken_json' ? whole.slice(0, whole.length / 2) : whole;
  return new Response(body, { status: 200, headers });
}

function spoilTokens(order: Misbehaviour, tokens: Record<string, unknown>): Record<string, unknown> {
  const { access_token, refresh_token, expires_in, ...rest } = tokens;
  switch (order.kind) {
    case 'no_expires_in':
      return { ...rest, access_token, ...(refresh_token === undefined ? {} : { refresh_token }) };
    case 'expires_in_text':
      return { ...tokens, expires_in: String(expires_in ?? 3600) };
    case 'no_refresh_token':
      return { ...rest, access_token, ...(expires_in === undefined ? {} : { expires_in }) };
    case 'refresh_expires_in':
      return { ...tokens, refresh_token_expires_in: order.refreshExpiresInSeconds ?? 604_800 };
    case 'no_access_token':
      return { ...rest, refresh_token, expires_in };
    case 'nested_tokens':
      return { ok: true, data: tokens };
    default:
      return tokens;
  }
}

function parseTokens(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return text.includes('access_token=') ? Object.fromEntries(new URLSearchParams(text)) : undefined;
  }
}
