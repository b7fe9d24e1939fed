// One client process: makes many calls at once, each until it has an answer that does not say "try again".
import { Agent, request } from 'node:http';
import { createCallSigner } from '../../harness/call-signer.js';
import { type CallerJob, type CallerReport, createReport } from './report.js';

interface Answer {
  readonly status: number;
  readonly retryAfterSeconds: number;
  readonly error: string | undefined;
  readonly accessToken: string | undefined;
}

// Every call in flight has a connection of its own.
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 10_000 });
let inFlight = 0;
let inFlightMax = 0;

// Without its parent nobody would read what came of it.
process.on('disconnect', () => process.exit(1));
process.on('message', (job: CallerJob) => void work(job));

async function work(job: CallerJob): Promise<void> {
  const sign = createCallSigner(job.apiKey);
  const report = createReport();

  const ask = (port: number, call: CallerJob['calls'][number]): Promise<Answer> => {
    const body = JSON.stringify({
      grant_id: call.grantId,
      reason: null,
      request: { method: 'GET', url: call.url },
    });
    return send(port, sign('/sdk/token', body), body);
  };

  const finish = (call: CallerJob['calls'][number], outcome: keyof CallerReport['outcomes'][string]) => {
    const counts = report.outcomes[call.grantId] ?? { ok: 0, needsUser: 0, other: 0 };
    report.outcomes[call.grantId] = counts;
    counts[outcome] += 1;
  };

  const run = async (call: CallerJob['calls'][number], index: number): Promise<void> => {
    const endMs = Date.now() + job.patienceMs;
    for (let attempt = 0; ; attempt += 1) {
      const port = job.ports[(index + attempt) % job.ports.length] ?? 0;
      report.attempts += 1;
      const answer = await ask(port, call).catch(
        (error: NodeJS.ErrnoException): Answer => ({
          status: 0,
          retryAfterSeconds: 0.3,
          error: error.code ?? error.message,
          accessToken: undefined,
        }),
      );
      if (answer.status === 200) {
        if (job.isKeepingTokens && answer.accessToken) report.tokens[call.grantId] = answer.accessToken;
        finish(call, 'ok');
        return;
      }
      if (answer.error === 'credential_revoked') {
        finish(call, 'needsUser');
        return;
      }
      const isRetried = answer.status === 0 || [409, 429, 503].includes(answer.status);
      if (!isRetried || Date.now() > endMs) {
        if (report.unexpected.length < 20) report.unexpected.push(`${answer.status} ${answer.error}`);
        finish(call, 'other');
        return;
      }
      const reason = `${answer.status} ${answer.error}`;
      report.retries[reason] = (report.retries[reason] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, answer.retryAfterSeconds * 1000));
    }
  };

  await Promise.all(job.calls.map(run));
  report.inFlightMax = inFlightMax;
  process.send?.(report);
}

function send(port: number, headers: Record<string, string>, body: string): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    inFlight += 1;
    inFlightMax = Math.max(inFlightMax, inFlight);
    const call = request({ host: '127.0.0.1', port, path: '/sdk/token', method: 'POST', headers, agent });
    call.setTimeout(60_000, () => call.destroy(new Error('no answer in 60 s')));
    call.on('error', reject);
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('aborted', () => reject(new Error('the answer was cut')));
      response.on('end', () => {
        const document = parse(Buffer.concat(chunks).toString());
        resolve({
          status: response.statusCode ?? 0,
          retryAfterSeconds: Math.min(20, Number(response.headers['retry-after'] ?? 1)),
          error: document.error,
          accessToken: document.access_token,
        });
      });
    });
    call.end(body);
  }).finally(() => {
    inFlight -= 1;
  });
}

function parse(text: string): { error?: string; access_token?: string } {
  try {
    return JSON.parse(text) as { error?: string; access_token?: string };
  } catch {
    return { error: 'no JSON' };
  }
}
