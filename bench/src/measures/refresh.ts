import type { Row } from '../row.js';
import { prepareCalls, startVaultSetup } from '../vault-setup.js';

const providerMs = 1000;
const callers = 1000;

/** M5: an expired token, 1,000 callers at once, a provider that takes a second. */
export async function measureRefresh(): Promise<Row[]> {
  const setup = await startVaultSetup({ accessTokenTtlSeconds: 2 });
  try {
    // Past the end of the token's life: every call needs the refresh.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    setup.provider.updateSettings({ tokenDelayMs: providerMs, accessTokenTtlSeconds: 3600 });
    setup.provider.clearLog();
    const { body, prepared } = prepareCalls(setup, callers);
    const startedAt = performance.now();
    const statuses = await Promise.all(
      prepared.map(async ({ headers }) => {
        const answer = await fetch(`${setup.url}/sdk/token`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body,
        });
        await answer.arrayBuffer();
        return answer.status;
      }),
    );
    const tookMs = performance.now() - startedAt;
    const calls = setup.provider
      .log()
      .filter((event) => event.event === 'presented' && event.endpoint === 'token').length;
    const answered = statuses.filter((status) => status === 200).length;
    return [
      {
        id: 'M5',
        work: `expired token, ${callers} callers at once (${answered} answered 200, ${calls} provider calls)`,
        measured: `${Math.round(tookMs)} ms`,
        compared: `provider ${providerMs} ms`,
        ratio: (tookMs / providerMs).toFixed(2),
        target: 'at most 1.5, 1 provider call',
      },
    ];
  } finally {
    await setup.close();
  }
}
