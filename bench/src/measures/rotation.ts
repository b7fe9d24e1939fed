import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { runLoad } from '../load.js';
import type { Row } from '../row.js';
import { formatPower, type GrownSetup } from '../seeding/grown-setup.js';
import { prepareCalls, vaultDist } from '../setup/vault-setup.js';

const connections = 50;

/**
 * M13: M1 while every credential is sealed anew under a new key of its app, against M1 before; to the rotation's end, or for as many
 * rounds as `roundsMax` says.
 */
export async function measureRotation(
  grown: GrownSetup,
  { seconds, roundsMax }: { seconds: number; roundsMax: number },
): Promise<Row[]> {
  const { setup, size } = grown;
  const { server, url } = await grown.startServer();
  try {
    const load = (duration: number) =>
      runLoad({
        url: `${url}/sdk/token`,
        prepared: prepareCalls(setup, duration * 16_000, grown.pickGrant),
        connections,
        seconds: duration,
        folder: setup.folder,
      });
    await load(2);
    const before = await load(seconds);
    const rotation = startRotation(setup.environment);
    let [requests, time, failed] = [0, 0, 0];
    const startedAt = performance.now();
    for (let round = 0; round < roundsMax && !rotation.isOver(); round += 1) {
      const during = await load(seconds);
      requests += during.requests;
      time += during.requests / Math.max(1, during.perSecond);
      failed += during.failed;
    }
    const tookSeconds = (performance.now() - startedAt) / 1000;
    const isFinished = rotation.isOver();
    await rotation.stop();
    const perSecond = requests / time;
    return [
      {
        id: 'M13',
        work: `M1 during the rotation of an app's key, ${formatPower(size.grants)} credentials, ${isFinished ? 'to its end after' : 'its first'} ${Math.round(tookSeconds)} s (${failed} failed)`,
        measured: `${Math.round(perSecond)}/s`,
        compared: `without ${Math.round(before.perSecond)}/s`,
        ratio: (perSecond / before.perSecond).toFixed(2),
        target: 'at least 0.7, none failed',
      },
    ];
  } finally {
    await server.stop();
  }
}

function startRotation(environment: Readonly<Record<string, string>>) {
  const child = spawn(
    process.execPath,
    [join(vaultDist, 'cli', 'main.js'), 'rotate-keys', '--app', 'bench'],
    {
      env: { PATH: process.env.PATH ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const end = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  return {
    isOver,
    /** What is done stays done. */
    async stop() {
      const wasOver = isOver();
      if (!wasOver) child.kill('SIGINT');
      const code = wasOver ? child.exitCode : await end;
      if (wasOver && code !== 0) throw new Error(`alter rotate-keys ended with ${code}: ${output}`);
    },
  };
}
