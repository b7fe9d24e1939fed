import { expect, it } from 'vitest';
import { runOperation } from '../../src/admin/run-operation.js';
import { judgeCollector, judgeWebhook } from '../../src/admin/webhooks/check-deliveries.js';
import { describeBothDatabases } from '../harness.js';
import { prepareWorlds } from './webhook-world.js';

describeBothDatabases('alter doctor and webhooks', (kind) => {
  const prepare = prepareWorlds(kind);

  it('A7: a webhook that fails, gave events up or is disabled is a warning that names what to do', async () => {
    const { vault, receiver, record, deliver, time, readWebhook } = await prepare();
    const look = async () => {
      const { checks } = (await runOperation(vault.deps, 'doctor', {})) as { checks: { name: string }[] };
      return checks.find((check) => check.name === 'demo/ops');
    };
    expect(await look()).toMatchObject({ status: 'ok' });
    receiver.answer = 500;
    await record();
    await deliver();
    expect(await look()).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/http_500.*1 event waiting/),
    });
    time.ms += 86_400_000;
    await deliver();
    expect(await look()).toMatchObject({ status: 'warning', message: expect.stringContaining('resend') });
    expect(judgeWebhook(await readWebhook(), time.ms + 86_400_001).message).toContain('fails since');
    receiver.answer = 410;
    await record();
    await deliver();
    expect(await look()).toMatchObject({ status: 'warning', message: expect.stringContaining('enable') });
  });
});

it('A7: a collector that is far behind is a warning', () => {
  expect([0, 10_001].map((behind) => judgeCollector(behind).status)).toEqual(['ok', 'warning']);
});
