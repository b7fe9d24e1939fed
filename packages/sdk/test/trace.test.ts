import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendJson } from './servers/recording-server.js';
import { useTestBed } from './servers/test-bed.js';
import { grantId } from './servers/vault-server.js';

const bed = useTestBed();
const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

/** The context manager that an application's OpenTelemetry brings along. */
const storage = new AsyncLocalStorage<Context>();
const manager = {
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (...[given, work, self, ...args]: Parameters<typeof context.with>) =>
    storage.run(given, () => work.apply(self, args)),
  bind: <T>(_given: Context, target: T) => target,
  enable: () => manager,
  disable: () => manager,
};

describe('trace context', () => {
  beforeAll(() => void context.setGlobalContextManager(manager as never));
  afterAll(() => context.disable());

  const inSpan = <T>(work: () => Promise<T>, traceFlags = 1): Promise<T> => {
    const span = trace.wrapSpanContext({ traceId, spanId, traceFlags });
    return context.with(trace.setSpan(ROOT_CONTEXT, span), work);
  };

  it('A2: every call to the vault carries the active trace, the outcome report of the background too', async () => {
    const app = bed.makeApp();
    bed.provide((_, response) => sendJson(response, 200, {}));
    await inSpan(() => app.request('GET', bed.provider.url, { grantId }));
    await inSpan(() => app.request('GET', bed.provider.url, { grantId }), 0);
    await app.close();
    const sent = (name: 'retrieveToken' | 'recordApiCall') =>
      bed.vault.at(name).map((call) => call.headers.traceparent);
    const expected = ['01', '00'].map((flags) => `00-${traceId}-${spanId}-${flags}`);
    expect(sent('retrieveToken')).toEqual(expected);
    expect(sent('recordApiCall').sort().reverse()).toEqual(expected);
    expect(bed.vault.arrived.every((call) => call.headers.tracestate === undefined)).toBe(true);
  });

  it('a provider learns nothing of the trace, unless it is asked for', async () => {
    const app = bed.makeApp();
    await inSpan(() => app.request('GET', bed.provider.url, { grantId }));
    await inSpan(() => app.request('GET', bed.provider.url, { grantId, propagateTrace: true }));
    expect(bed.provider.arrived.map((call) => call.headers.traceparent)).toEqual([
      undefined,
      `00-${traceId}-${spanId}-01`,
    ]);
  });

  it('without an active span, or with one that is not valid, nothing is sent', async () => {
    const app = bed.makeApp();
    await app.request('GET', bed.provider.url, { grantId });
    const invalid = trace.wrapSpanContext({ traceId: '0'.repeat(32), spanId, traceFlags: 1 });
    await context.with(trace.setSpan(ROOT_CONTEXT, invalid), () =>
      app.request('GET', bed.provider.url, { grantId, propagateTrace: true }),
    );
    await app.close();
    expect(bed.vault.arrived.concat(bed.provider.arrived).some((call) => call.headers.traceparent)).toBe(
      false,
    );
  });
});
