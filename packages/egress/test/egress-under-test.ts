import { afterEach, expect } from 'vitest';
import { createEgress, EgressError, type EgressOptions, type EgressRequest } from '../src/index.js';
import type { LoopbackServer } from './loopback-server.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An egress in development mode, closed after the test. */
export function openEgress(options: Partial<EgressOptions> = {}) {
  const egress = createEgress({ isDevelopment: true, connectTimeoutMs: 500, ...options });
  closers.push(() => egress.close());
  return egress;
}
/** A server that is closed after the test. */
export async function keep(starting: Promise<LoopbackServer>): Promise<LoopbackServer> {
  const server = await starting;
  closers.push(server.close);
  return server;
}
/** The error of a call that must fail, checked to hold no secret. */
export async function fail(
  url: string,
  request: Partial<EgressRequest> = {},
  options: Partial<EgressOptions> = {},
): Promise<EgressError> {
  const error = await openEgress(options)
    .fetch(url, { method: 'POST', body: 'refresh_token=secret', timeoutMs: 2_000, ...request })
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  if (!(error instanceof EgressError)) throw new Error('did not fail as EgressError');
  expect(error.message).not.toContain('secret');
  return error;
}
