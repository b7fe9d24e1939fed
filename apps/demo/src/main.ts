import { serve } from '@hono/node-server';
import { createDemo } from './app.js';
import { loadConfig } from './config.js';

function fail(error: unknown): never {
  console.error(`cannot start: ${error instanceof Error ? error.message : 'unknown error'}`);
  process.exit(1);
}

function start(): void {
  const config = loadConfig();
  const demo = createDemo(config);
  const server = serve({ fetch: demo.app.fetch, hostname: config.host, port: config.port }, () => {
    console.log(`ready ${config.url}`);
  });
  server.on('error', fail);
  const stop = () => {
    server.close(() => void demo.close().then(() => process.exit(0)));
    if ('closeAllConnections' in server) server.closeAllConnections();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
}

try {
  start();
} catch (error) {
  fail(error);
}
