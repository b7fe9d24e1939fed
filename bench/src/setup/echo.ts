import { fileURLToPath } from 'node:url';
import { type ChildServer, findFreePort, startChild } from './child-server.js';

/** A server under measurement and its address. */
export interface StartedServer {
  readonly server: ChildServer;
  readonly url: string;
}

/** Starts the bare echo that answers as many bytes as the vault. */
export async function startEcho(): Promise<StartedServer> {
  const port = await findFreePort();
  const file = fileURLToPath(new URL('../echo-server.js', import.meta.url));
  const server = await startChild(file, port, { ANSWER_BYTES: '700' });
  return { server, url: `http://127.0.0.1:${port}` };
}
