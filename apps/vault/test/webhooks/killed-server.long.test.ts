import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Collector, startCollector } from '../audit-export/collector.js';
import { makeFolder, type RunningProgram, startProgram } from '../processes/server-process.js';
import { type Receiver, startReceiver } from './receiver.js';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const headerSecret = 'a-header-for-the-collector';

describe('a server that is killed', { timeout: 120_000 }, () => {
  const folder = makeFolder();
  const config = join(folder.path, 'vault.yaml');
  let receiver: Receiver;
  let collector: Collector;
  let server: RunningProgram;
  let output = '';
  let environment: Record<string, string> = {};

  const start = async () => {
    server = startProgram('main.js', environment);
    await server.ready();
  };
  const kill = async () => {
    server.process.kill('SIGKILL');
    await server.end();
    output += server.output();
  };
  const alter = async (...args: string[]) => {
    const { code, stdout, stderr } = await startProgram('cli/main.js', environment, args).end();
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return stdout;
  };
  const rename = (name: string) => {
    const webhook = `{ name: ops, url: '${receiver.url}', events: ['settings.*'], secret: { env: HOOK_SECRET } }`;
    writeFileSync(config, `version: 1\napps: [{ slug: demo, name: ${name}, webhooks: [${webhook}] }]\n`);
    return alter('apply', '-f', config, '--yes');
  };

  beforeAll(async () => {
    receiver = await startReceiver();
    collector = await startCollector();
    environment = {
      PORT: '0',
      ALTER_VAULT_ENV: 'development',
      ALTER_VAULT_DATA_DIR: join(folder.path, 'data'),
      HOOK_SECRET: secret,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${headerSecret}`,
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
    };
  });
  afterAll(async () => {
    server.process.kill('SIGKILL');
    await server.end();
    await Promise.all([receiver.close(), collector.close()]);
    folder.remove();
  });

  it('A7: loses no event for webhook or collector: what was not taken before comes after the next start', async () => {
    receiver.answer = 503;
    collector.answer = () => 500;
    await start();
    for (const name of ['One', 'Two', 'Three']) await rename(name);
    await receiver.waitFor((received) => received.length > 0);
    await expect.poll(() => collector.requests.length, { timeout: 30_000 }).toBeGreaterThan(0);
    await kill();
    expect(collector.logs).toEqual([]);

    receiver.answer = 200;
    collector.answer = () => 200;
    receiver.received.length = 0;
    await start();
    await rename('Four');
    const exported = (await alter('audit', 'export')).trim().split('\n');
    const records = exported.map((line) => JSON.parse(line));
    const subscribed = records.filter((record) => record.kind === 'settings.applied').map(({ id }) => id);
    expect(subscribed).toHaveLength(4);
    // The settings that made the webhook are on record after it: it hears of them, too.
    await receiver.waitFor((received) => subscribed.every((id) => received.some((item) => item.id === id)));
    for (const { text, headers } of receiver.received)
      new Webhook(secret).verify(text, headers as Record<string, string>);
    const bodies = () => new Set(collector.logs.map((item) => item.body.stringValue));
    await collector.waitFor(() => exported.every((line) => bodies().has(line)));
    expect(collector.requests.every((request) => request.headers['x-api-key'] === headerSecret)).toBe(true);
    expect(records.filter((record) => record.kind === 'server.started')).toHaveLength(2);

    const table = await alter('webhooks', 'list');
    expect(table).toContain('ops');
    const settled = { app: 'demo', name: 'ops', status: 'active', waiting: 0, last_status: 200, given_up: 0 };
    await expect
      .poll(async () => JSON.parse(await alter('webhooks', 'list', '--json')).webhooks[0], {
        timeout: 30_000,
      })
      .toMatchObject(settled);
    expect(await alter('webhooks', 'test', 'ops')).toContain('delivered: 200');
    await kill();
    expect(output).not.toContain(headerSecret);
    expect(output).not.toContain(secret);
  });
});
