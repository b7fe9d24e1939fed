import { fileURLToPath } from 'node:url';
import { findFreePort, startChild } from './child-server.js';
import { type StartedServer, startEcho } from './echo.js';
import { startVaultSetup, type VaultSetup } from './vault-setup.js';

/** Two proxies of one upstream, each of the three a process of its own. */
export interface ProxyServers {
  readonly setup: VaultSetup;
  readonly upstream: StartedServer;
  readonly gateway: StartedServer;
  close(): Promise<void>;
}

/**
 * The upstream's path. The gateway's main route: with the releases of its own dependencies that it is installed with, it answers 500
 * on those that only pass on.
 */
export const upstreamPath = '/v1/chat/completions';

/** What every side sends there. */
export const upstreamBody = { model: 'bench', messages: [{ role: 'user', content: 'hello' }] };

/** Starts them. */
export async function startProxyServers(): Promise<ProxyServers> {
  const upstream = await startEcho();
  const setup = await startVaultSetup({ apiHosts: [new URL(upstream.url).host] });
  const gateway = await startGateway();
  return {
    setup,
    upstream,
    gateway,
    async close() {
      await gateway.server.stop();
      await setup.close();
      await upstream.server.stop();
    },
  };
}

/** Headers that lead the gateway to the upstream. */
export function describeGatewayCall(upstreamUrl: string): Record<string, string> {
  return {
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${upstreamUrl}/v1`,
    authorization: 'Bearer bench',
  };
}

/** Without its console, as it is run in production. */
async function startGateway(): Promise<StartedServer> {
  const port = await findFreePort();
  const file = fileURLToPath(import.meta.resolve('@portkey-ai/gateway/build/start-server.js'));
  const server = await startChild(file, port, { NODE_ENV: 'production' }, ['--headless', `--port=${port}`]);
  return { server, url: `http://127.0.0.1:${port}` };
}
