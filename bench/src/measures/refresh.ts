import { Agent, type IncomingMessage, request } from 'node:http';
import type { Row } from '../row.js';
import { prepareCalls, startVaultSetup } from '../setup/vault-setup.js';

const providerMs = 1000;
const callers = 1000;

/** M5: an expired token, 1,000 callers at once, a provider that takes a second. */
export async function measureRefresh(): Promise<Row[]> {
  const setup = await startVaultSetup({ provider: { accessTokenTtlSeconds: 2 } });
  try {
    // Past the end of the token's life: every call needs the refresh.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const agent = new Agent({ keepAlive: true, maxSockets: callers, maxFreeSockets: callers });
    const prepared = prepareCalls(setup, callers);
    // The connections are there before the clock starts: what is measured is the server, not this client's handshakes.
    for (let round = 0; round < 2; round++) {
      await Promise.all(prepared.map(() => send(agent, `${setup.url}/healthz`, 'GET', {}, '')));
    }
    setup.provider.updateSettings({ tokenDelayMs: providerMs, accessTokenTtlSeconds: 3600 });
    setup.provider.clearLog();
    const startedAt = performance.now();
    const statuses = await Promise.all(
      prepared.map(({ headers, body }) =>
        send(
          agent,
          `${setup.url}/sdk/token`,
          'POST',
          { 'content-type': 'application/json', ...headers },
          body,
        ),
      ),
    );
    const tookMs = performance.now() - startedAt;
    agent.destroy();
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

/** One request on one of the agent's connections; gives the status when the answer is complete. */
function send(
  agent: Agent,
  url: string,
  method: string,
  headers: Record<string, string>,
  body: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request(url, { agent, method, headers: { ...headers, ...length } });
    outgoing.once('error', reject);
    outgoing.once('response', (answer: IncomingMessage) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    outgoing.end(body);
  });
}
