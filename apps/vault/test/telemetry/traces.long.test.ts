import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTelemetry } from '../../src/telemetry/start-telemetry.js';
import type { Telemetry } from '../../src/telemetry/telemetry.js';
import { callToken, listAuditRecords, readJson } from '../access/token-call.js';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { describeBothDatabases, startTestVault } from '../harness.js';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpanId = 'b7ad6b7169203331';

describeBothDatabases('traces', (kind) => {
  let receiver: OtlpReceiver;
  let telemetry: Telemetry;
  let stack: ConnectStack;
  let offsetMs = 0;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    stack = await startConnectStack(kind, {
      clock: () => Date.now() + offsetMs,
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20collector-secret',
      },
      startTelemetry: async (config) => {
        telemetry = await startTelemetry(config, 'process-1');
        return telemetry;
      },
    });
  });
  afterAll(async () => {
    await telemetry?.tracing?.close(1_000);
    await stack?.close();
    await receiver?.close();
  });

  const named = (spans: readonly ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);

  it('A2: one trace from the caller over the vault to the provider and to the record', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    offsetMs += 3_700_000;
    stack.provider.clearLog();
    const headers = { traceparent: `00-${traceId}-${callerSpanId}-01` };
    const answer = await callToken(stack, { grant_id: grantId }, { headers });
    expect(answer.status).toBe(200);
    const token = String((await readJson(answer)).access_token);
    await receiver.wait((each) => named(each.spans(), 'POST /sdk/token').length > 0);

    const trace = receiver.spans().filter((span) => span.traceId === traceId);
    const [server] = named(trace, 'POST /sdk/token');
    const [refresh] = named(trace, 'refresh');
    const [provider] = named(trace, 'provider request');
    expect(server).toMatchObject({
      parentSpanId: callerSpanId,
      kind: 2,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/sdk/token',
        'http.response.status_code': 200,
        'alter.app.id': stack.vault.appIds.demo,
        'alter.grant.id': grantId,
        'alter.provider.id': 'acme',
      },
    });
    expect(refresh).toMatchObject({
      parentSpanId: server?.spanId,
      attributes: { 'alter.refresh.outcome': 'fresh', 'alter.grant.id': grantId },
    });
    expect(provider).toMatchObject({
      parentSpanId: refresh?.spanId,
      kind: 3,
      attributes: {
        'server.address': new URL(stack.provider.issuer).host,
        'http.response.status_code': 200,
      },
    });
    const records = (await listAuditRecords(stack, grantId)).filter((record) =>
      ['access.retrieve', 'credential.refreshed'].includes(String(record.kind)),
    );
    expect(records.map((record) => [record.kind, record.trace_id])).toEqual([
      ['credential.refreshed', traceId],
      ['access.retrieve', traceId],
    ]);
    for (const secret of [token, 'acme-secret', ...Object.values(stack.vault.apiKeys)]) {
      expect(receiver.text()).not.toContain(secret);
    }
    expect(receiver.headers()[0]?.authorization).toBe('Bearer collector-secret');
  });

  it('A2: without a caller with a trace, the record names the one that began here', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme', user: 'bob' });
    for (const traceparent of [undefined, `00-${'0'.repeat(32)}-${callerSpanId}-01`, 'nonsense']) {
      const answer = await callToken(stack, { grant_id: grantId }, { headers: { traceparent } });
      expect(answer.status).toBe(200);
    }
    const records = await listAuditRecords(stack, grantId);
    const ids = records
      .filter((record) => record.kind === 'access.retrieve')
      .map((record) => record.trace_id);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    await receiver.wait((each) => ids.every((id) => each.spans().some((span) => span.traceId === id)));
  });

  it('a stranger on a public page joins no trace, and no query is told', async () => {
    const headers = { traceparent: `00-${traceId}-${callerSpanId}-01` };
    await stack.vault.app.request('/oauth/callback?code=secret-code&state=secret-state', { headers });
    await receiver.wait((each) => named(each.spans(), 'GET /oauth/callback').length > 0);
    const spans = named(receiver.spans(), 'GET /oauth/callback');
    expect(spans.filter((span) => span.traceId === traceId)).toEqual([]);
    expect(receiver.text()).not.toMatch(/secret-code|secret-state/);
  });

  it('a refusal is told by its code, and the caller who asks for no sampling gets none', async () => {
    const refused = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${refused}-${callerSpanId}-01` };
    const unsampled = { traceparent: `00-${'a'.repeat(32)}-${callerSpanId}-00` };
    const grantId = '00000000-0000-4000-8000-000000000000';
    expect((await callToken(stack, { grant_id: grantId }, { headers: unsampled })).status).toBe(404);
    expect((await callToken(stack, { grant_id: grantId }, { headers })).status).toBe(404);
    await receiver.wait((each) => each.spans().some((span) => span.traceId === refused));
    const span = receiver.spans().find((each) => each.traceId === refused);
    expect(span?.attributes).toMatchObject({
      'http.response.status_code': 404,
      'error.type': 'grant_not_found',
    });
    expect(receiver.spans().some((each) => each.traceId === 'a'.repeat(32))).toBe(false);
  });
});

it('F3: a collector that is away costs no call anything, and the stop does not wait for it', async () => {
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
  let telemetry: Telemetry | undefined;
  const vault = await startTestVault({
    kind: 'sqlite',
    environment,
    startTelemetry: async (config) => {
      telemetry = await startTelemetry(config, 'process-1');
      return telemetry;
    },
  });
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => vault.signedFetch('GET', '/sdk/scopes').then(({ status }) => status)),
  );
  expect(new Set(answers)).toEqual(new Set([200]));
  await telemetry?.tracing?.close(100);
  await vault.close();
});
