import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { connectOverHttp } from '../harness/connect-over-http.js';
import { type OtlpReceiver, startOtlpReceiver } from '../harness/otlp-receiver.js';
import { type Stack, startStack } from '../harness/stack.js';

interface Api {
  readonly context: {
    setGlobalContextManager(manager: unknown): boolean;
    with<T>(context: unknown, work: () => T): T;
  };
  readonly trace: {
    setSpan(context: unknown, span: unknown): unknown;
    wrapSpanContext(span: unknown): unknown;
  };
  readonly ROOT_CONTEXT: unknown;
}

/** The very package that the SDK asks for its active span: a dependency of the SDK, found from there. */
const apiPackage = '@opentelemetry/api';
const require = createRequire(fileURLToPath(import.meta.resolve('@alter-ai/alter-sdk')));
const { context, trace, ROOT_CONTEXT } = require(apiPackage) as Api;
const storage = new AsyncLocalStorage();
const manager = {
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (given: unknown, work: () => unknown) => storage.run(given, work),
  bind: (_given: unknown, target: unknown) => target,
  enable: () => manager,
  disable: () => manager,
};

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test.describe('one trace', () => {
  let receiver: OtlpReceiver;
  let stack: Stack;
  test.beforeAll(async () => {
    test.setTimeout(60_000);
    context.setGlobalContextManager(manager);
    receiver = await startOtlpReceiver();
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      // Settings of other programs that the vault must not take for its own.
      OTEL_TRACES_SAMPLER: 'always_off',
      OTEL_SDK_DISABLED: 'true',
      OTEL_RESOURCE_ATTRIBUTES: 'leaked=yes',
    };
    stack = await startStack({ provider: { accessTokenTtlSeconds: 1 }, env: environment });
  });
  test.afterAll(async () => {
    await stack?.close();
    await receiver?.close();
  });

  test('A2: from the SDK over vault and refresh to the audit record', async () => {
    const grantId = await connectOverHttp(
      { url: stack.vault.url, apiKey: stack.apiKey },
      { providerId: 'acme' },
    );
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    stack.provider.updateSettings({ accessTokenTtlSeconds: 3600 });
    const span = trace.wrapSpanContext({ traceId, spanId, traceFlags: 1 });
    const answer = await context.with(trace.setSpan(ROOT_CONTEXT, span), () =>
      stack.sdk.request('GET', `${stack.apiUrl}/messages`, { grantId }),
    );
    expect(answer.status).toBe(200);
    await expect
      .poll(() =>
        receiver
          .spans()
          .filter((each) => each.traceId === traceId)
          .map((each) => each.name),
      )
      .toEqual(
        expect.arrayContaining([
          'POST /sdk/token',
          'refresh',
          'provider request',
          'POST /sdk/oauth/audit/api-call',
        ]),
      );
    const find = (name: string) =>
      receiver.spans().find((each) => each.traceId === traceId && each.name === name);
    const server = find('POST /sdk/token');
    expect(server?.parentSpanId).toBe(spanId);
    expect(find('refresh')?.parentSpanId).toBe(server?.spanId);
    expect(find('provider request')?.parentSpanId).toBe(find('refresh')?.spanId);
    expect(find('POST /sdk/oauth/audit/api-call')?.parentSpanId).toBe(spanId);
    const records = stack.vault
      .alter('audit', 'search', '--grant', grantId, '--json')
      .stdout.trim()
      .split('\n');
    const ids = new Map(
      records.map((line) => JSON.parse(line)).map((record) => [record.kind, record.trace_id]),
    );
    for (const kind of ['credential.refreshed', 'access.retrieve', 'access.outcome']) {
      expect([kind, ids.get(kind)]).toEqual([kind, traceId]);
    }
    expect(receiver.text()).not.toMatch(/leaked/);
    expect(receiver.text()).not.toContain(stack.apiKey);
  });

  test('F3: what waits to be sent is sent at the stop', async () => {
    const before = receiver.spans().length;
    await fetch(`${stack.vault.url}/healthz`);
    expect(await stack.vault.stop()).toBe(0);
    expect(receiver.spans().length).toBeGreaterThan(before);
  });
});
