import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHistogram } from '../../src/telemetry/metrics/instruments.js';
import { startMetricsExport, startTelemetry } from '../../src/telemetry/start-telemetry.js';
import { callToken } from '../access/token-call.js';
import { connectAccount } from '../connect/connect-driver.js';
import { type ConnectStack, startConnectStack } from '../connect/stack.js';
import { describeBothDatabases, startTestVault, type TestVault } from '../harness.js';
import { startOtlpReceiver } from './otlp-receiver.js';

const begin = (config: Parameters<typeof startTelemetry>[0]) => startTelemetry(config, 'process-1');

async function scrape(vault: TestVault): Promise<string> {
  const answer = await vault.app.request('/metrics');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return answer.text();
}

/** The value of one series; its labels in any order. */
function readValue(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  const line = text
    .split('\n')
    .find(
      (each) =>
        (each.startsWith(`${name}{`) || each.startsWith(`${name} `)) &&
        Object.entries(labels).every(([key, value]) => each.includes(`${key}="${value}"`)),
    );
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

describeBothDatabases('metrics', (kind) => {
  let stack: ConnectStack;
  let offsetMs = 0;
  beforeAll(async () => {
    stack = await startConnectStack(kind, { clock: () => Date.now() + offsetMs, startTelemetry: begin });
  });
  afterAll(() => stack?.close());

  it('tell requests, refreshes, provider requests, audit writes, and the state of keys, breakers and process', async () => {
    const { grant_id: grantId } = await connectAccount(stack.vault, { provider: 'acme' });
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(200);
    offsetMs += 3_700_000;
    expect((await callToken(stack, { grant_id: grantId })).status).toBe(200);
    expect((await callToken(stack, { grant_id: 'nothing' })).status).toBe(404);
    const text = await scrape(stack.vault);
    const token = { method: 'POST', route: '/sdk/token' };
    const requests = 'alter_http_request_duration_seconds';
    expect(readValue(text, `${requests}_count`, { ...token, status: '200' })).toBe(2);
    expect(readValue(text, `${requests}_count`, { ...token, status: '404' })).toBe(1);
    expect(readValue(text, `${requests}_bucket`, { ...token, status: '200', le: '+Inf' })).toBe(2);
    expect(readValue(text, 'alter_refresh_duration_seconds_count', { outcome: 'fresh' })).toBe(1);
    expect(
      readValue(text, 'alter_provider_request_duration_seconds_count', { outcome: '2xx' }),
    ).toBeGreaterThan(1);
    expect(readValue(text, 'alter_audit_batch_records_count')).toBeGreaterThan(2);
    expect(readValue(text, 'alter_audit_batch_duration_seconds_sum')).toBeGreaterThan(0);
    expect(readValue(text, 'alter_audit_write_failures_total')).toBe(0);
    expect(readValue(text, 'alter_open_failures_total')).toBe(0);
    expect(readValue(text, 'alter_open_breakers')).toBe(0);
    expect(readValue(text, 'process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(readValue(text, 'alter_event_loop_delay_seconds', { quantile: '0.99' })).toBeGreaterThanOrEqual(0);
    expect(readValue(text, 'alter_database_pool_connections_max')).toBe(kind === 'sqlite' ? undefined : 10);
    expect(text).toContain('target_info{service_name="alter-vault"');
    // The format: one HELP and one TYPE for each family, and every line readable.
    const families = [...text.matchAll(/^# TYPE (\S+) \S+$/gm)].map((match) => match[1]);
    expect(new Set(families).size).toBe(families.length);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(
      lines.filter((line) => !/^[a-z_]+(\{([a-z_]+="[^"\n]*",?)+\})? [-+0-9.eInf]+$/.test(line)),
    ).toEqual([]);
  });

  it('K8 R7: values that do not open, and breakers that are open, are counted', async () => {
    const { deps } = stack.vault;
    const context = { table: 'meta', rowId: 'x', appId: '', field: 'value' };
    await expect(deps.keyring.open(context, Buffer.alloc(80))).rejects.toThrow();
    const { storage } = deps;
    await storage.db.updateTable('provider_configs').set({ breaker_open_until: 1 }).execute();
    const text = await scrape(stack.vault);
    await storage.db.updateTable('provider_configs').set({ breaker_open_until: null }).execute();
    expect(readValue(text, 'alter_open_failures_total')).toBe(1);
    expect(readValue(text, 'alter_open_breakers')).toBeGreaterThan(1);
  });

  it('what comes from outside makes no series: paths, methods, ids', async () => {
    await stack.vault.app.request('/nothing/0');
    const count = async () => (await scrape(stack.vault)).split('\n').length;
    await count();
    const before = await count();
    for (let index = 0; index < 200; index += 1) {
      await stack.vault.app.request(`/nothing/${index}`, { method: index % 2 ? 'GET' : 'PURGE' });
      await stack.vault.app.request(`/docs/images/${index}.png`);
    }
    const text = await scrape(stack.vault);
    expect(text.split('\n').length - before).toBeLessThan(40);
    expect(text).not.toMatch(/PURGE|nothing\/1/);
    expect(
      readValue(text, 'alter_http_request_duration_seconds_count', { route: 'unmatched', status: '404' }),
    ).toBe(201);
  });
});

describe('metrics, who may read them', () => {
  const vaults: TestVault[] = [];
  const open = async (environment: Record<string, string>) => {
    const vault = await startTestVault({ kind: 'sqlite', environment, startTelemetry: begin });
    vaults.push(vault);
    return async (remoteAddress: string, headers: Record<string, string> = {}) =>
      (await vault.app.request('/metrics', { headers }, { remoteAddress })).status;
  };
  afterAll(() => Promise.all(vaults.map((vault) => vault.close())));

  it('by default this machine alone, and nobody through an undeclared proxy on it', async () => {
    const read = await open({});
    expect(await read('127.0.0.1')).toBe(200);
    expect(await read('::1')).toBe(200);
    expect(await read('::ffff:127.0.0.1')).toBe(200);
    for (const address of ['198.51.100.7', '10.0.0.1', '']) expect(await read(address)).toBe(403);
    expect(await read('127.0.0.1', { 'x-forwarded-for': '198.51.100.7' })).toBe(403);
    expect(await read('127.0.0.1', { forwarded: 'for=198.51.100.7' })).toBe(403);
    expect(await read('127.0.0.1', { authorization: 'Bearer anything-at-all-12345' })).toBe(403);
  });

  it('the networks that are named, seen through declared proxies, and bearers of the token from anywhere', async () => {
    const token = 'a-token-for-prometheus';
    const read = await open({
      ALTER_VAULT_METRICS_ALLOW: '10.1.0.0/16',
      ALTER_VAULT_METRICS_TOKEN: token,
      ALTER_VAULT_TRUSTED_PROXIES: '10.9.0.1',
    });
    expect(await read('10.1.2.3')).toBe(200);
    expect(await read('127.0.0.1')).toBe(403);
    expect(await read('10.9.0.1', { 'x-forwarded-for': '10.1.2.3' })).toBe(200);
    expect(await read('10.9.0.1', { 'x-forwarded-for': '198.51.100.7' })).toBe(403);
    expect(await read('198.51.100.7', { authorization: `Bearer ${token}` })).toBe(200);
    expect(await read('198.51.100.7', { authorization: `Bearer ${token}x` })).toBe(403);
    expect(await read('10.1.2.3', { authorization: 'Bearer wrong' })).toBe(403);
  });

  it('nobody: then nothing is counted, and there is no such address', async () => {
    const read = await open({ ALTER_VAULT_METRICS_ALLOW: 'none' });
    expect(await read('127.0.0.1')).toBe(404);
    expect(vaults.at(-1)?.deps.telemetry?.metrics).toBeNull();
  });

  it('a collector gets them too, the last at the end', async () => {
    const receiver = await startOtlpReceiver();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_EXPORTER: 'none' };
    const read = await open(environment);
    await read('127.0.0.1');
    const deps = vaults.at(-1)?.deps;
    const running = deps && (await startMetricsExport(deps));
    await running?.close();
    expect(receiver.metricNames()).toEqual(
      expect.arrayContaining([
        'alter_http_request_duration_seconds',
        'alter_audit_batch_records',
        'alter_open_breakers',
      ]),
    );
    expect(receiver.spans()).toEqual([]);
    await receiver.close();
  });
});

it('a metric whose labels run away stays small', () => {
  const histogram = createHistogram('runaway', 'test', [1, 2]);
  for (let index = 0; index < 10_000; index += 1) histogram.record({ id: String(index) }, index);
  expect(histogram.series.size).toBeLessThanOrEqual(501);
  const total = [...histogram.series.values()].reduce((sum, series) => sum + series.count, 0);
  expect(total).toBe(10_000);
  expect(histogram.open({ id: 'one more' }).labels).toEqual({ id: 'other' });
});
