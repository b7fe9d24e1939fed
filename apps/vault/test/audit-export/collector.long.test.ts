import pino from 'pino';
import { afterEach, expect, it } from 'vitest';
import { registerOtlpExport } from '../../src/audit/export/otlp/otlp-consumer.js';
import { runOtlpExport } from '../../src/audit/export/otlp/run-otlp-export.js';
import { verifyExport } from '../../src/audit/verify-export.js';
import { loadConfig } from '../../src/config.js';
import { describeBothDatabases, startTestVault, type TestVault } from '../harness.js';
import { type CollectedLog, startCollector } from './collector.js';

const uid = 'log.record.uid';
const secret = 'collector-secret';

describeBothDatabases('audit records to an OpenTelemetry collector', (kind) => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function prepare() {
    const collector = await startCollector();
    closing.push(() => collector.close());
    const vault = await startTestVault({ kind });
    closing.push(() => vault.close());
    await registerOtlpExport(vault.deps);
    const printed: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => printed.push(line) });
    const run = (endpoint = collector.endpoint) => startExport(vault, endpoint, log);
    const record = async (event: object = {}) =>
      (await vault.deps.audit.append({ kind: 'access.retrieve', appId: 'app-1', ...event })).recordId;
    return { collector, vault, run, record, printed };
  }

  function startExport(vault: TestVault, endpoint: string, log: pino.Logger) {
    const { otlp } = loadConfig({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${secret}`,
      OTEL_SERVICE_NAME: 'vault-eu',
    });
    if (otlp === null) throw new Error('no collector');
    const stopped = new AbortController();
    const running = runOtlpExport({ ...vault.deps, log, random: () => 0 }, otlp, stopped.signal);
    return async () => {
      stopped.abort();
      await running;
    };
  }

  const has = (id: string) => (logs: readonly CollectedLog[]) =>
    logs.some((item) => item.attributes[uid] === id);

  it('A7: each record arrives with severity, trace, attributes, and as the line that can be verified', async () => {
    const { collector, vault, run, record, printed } = await prepare();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const allowed = await record({
      traceId,
      grantId: 'grant-1',
      userId: 'user-1',
      method: 'GET',
      url: 'https://api.example.com/me?token=abc',
      status: 200,
      decision: 'allow',
      sourceAddress: '192.0.2.1',
      latencyMs: 1.5,
    });
    await record({ decision: 'deny', errorCode: 'grant_revoked' });
    const died = await record({ kind: 'credential.died', traceId: 'nonsense' });
    const stop = run();
    await collector.waitFor(has(died));
    await stop();
    expect(collector.logs.map((item) => [item.severityText, item.severityNumber, item.eventName])).toEqual([
      ['INFO', 9, 'alter_vault.access.retrieve'],
      ['WARN', 13, 'alter_vault.access.retrieve'],
      ['ERROR', 17, 'alter_vault.credential.died'],
    ]);
    const [first, second, third] = collector.logs;
    expect(first?.traceId).toBe(traceId);
    expect(third?.traceId ?? '').toBe('');
    expect(first?.attributes).toMatchObject({
      [uid]: allowed,
      'alter_vault.grant.id': 'grant-1',
      'user.id': 'user-1',
      'http.request.method': 'GET',
      'url.full': 'https://api.example.com/me?token=redacted',
      'http.response.status_code': 200,
      'client.address': '192.0.2.1',
      'alter_vault.latency_ms': 1.5,
    });
    expect(second?.attributes).toMatchObject({ 'error.type': 'grant_revoked' });
    expect(first?.resource).toMatchObject({
      'service.name': 'vault-eu',
      'service.instance.id': vault.deps.processId,
    });
    const at = JSON.parse(first?.body.stringValue ?? '').at;
    expect(Number(BigInt(first?.timeUnixNano ?? 0) / 1_000_000n)).toBe(Date.parse(at));
    expect(
      await verifyExport([Buffer.from(collector.logs.map((item) => `${item.body.stringValue}\n`).join(''))]),
    ).toMatchObject({
      isIntact: true,
      records: 3,
    });
    expect(collector.requests[0]).toMatchObject({
      path: '/v1/logs',
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(printed.join('')).not.toContain(secret);
  });

  it('A7: while the collector is away the log is the queue: afterwards everything is there, in order, once', async () => {
    const { collector, run, record, printed } = await prepare();
    collector.answer = () => 500;
    const stop = run();
    const ids = [await record(), await record()];
    await expect
      .poll(() => printed.join(''), { timeout: 20_000 })
      .toContain('collector takes no audit records');
    ids.push(await record());
    await stop();
    expect(collector.logs).toEqual([]);
    const stopAgain = run();
    collector.answer = () => 200;
    ids.push(await record());
    await collector.waitFor(has(ids[3] ?? ''));
    await stopAgain();
    expect(collector.logs.map((item) => item.attributes[uid])).toEqual(ids);
  }, 60_000);

  it('A7: one record that the collector refuses does not hold up the others, and the server’s log names it', async () => {
    const { collector, run, record, printed } = await prepare();
    const ids: string[] = [];
    for (let index = 0; index < 9; index += 1) ids.push(await record());
    collector.answer = (logs) => (logs.some((item) => item.attributes[uid] === ids[4]) ? 400 : 200);
    const stop = run();
    await collector.waitFor(has(ids[8] ?? ''));
    await stop();
    expect(collector.logs.map((item) => item.attributes[uid])).toEqual(ids.filter((_, index) => index !== 4));
    expect(printed.filter((line) => line.includes('refuses')).map((line) => JSON.parse(line).record)).toEqual(
      [ids[4]],
    );
  });

  it('A7: records that the collector rejects within a success are named, and all others arrive', async () => {
    const { collector, run, record, printed } = await prepare();
    const ids: string[] = [];
    for (let index = 0; index < 9; index += 1) ids.push(await record());
    const rejected = [ids[2], ids[7], ids[8]];
    collector.isRejected = (log) => rejected.includes(String(log.attributes[uid]));
    const stop = run();
    const readNamed = () =>
      printed.filter((line) => line.includes('refuses')).map((line) => JSON.parse(line).record);
    await expect.poll(() => readNamed().length, { timeout: 10_000 }).toBe(3);
    ids.push(await record());
    await collector.waitFor(has(ids[9] ?? ''));
    await stop();
    expect(readNamed()).toEqual(rejected);
    const arrived = new Set(collector.logs.map((item) => item.attributes[uid]));
    expect([...arrived]).toEqual(ids.filter((id) => !rejected.includes(id)));
  }, 30_000);

  it.skipIf(kind === 'sqlite')(
    'A7: what other processes put on record arrives too, from the moment of registering on',
    async () => {
      const { collector, vault, run, record } = await prepare();
      const sibling = await vault.openSibling();
      const ids = await Promise.all(
        Array.from({ length: 20 }, async (_, index) =>
          index % 2 === 0
            ? record()
            : (await sibling.deps.audit.append({ kind: 'grant.created', appId: 'app-1' })).recordId,
        ),
      );
      const stop = run();
      await collector.waitFor((logs) => logs.length >= ids.length);
      await stop();
      expect(collector.logs.map((item) => item.attributes[uid]).sort()).toEqual([...ids].sort());
    },
  );
});
