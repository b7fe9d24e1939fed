import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import { testCertificate, testKey } from './test-certificate.js';

export type LoopbackServer = {
  port: number;
  /** Connections accepted since the start: what "nothing arrived" is measured by. */
  connections: () => number;
  close: () => Promise<void>;
};

export function startHttp(listener: RequestListener): Promise<LoopbackServer> {
  return listen(createServer({ keepAliveTimeout: 60_000 }, listener));
}

export function startTls(listener: RequestListener): Promise<LoopbackServer> {
  return listen(createTlsServer({ cert: testCertificate, key: testKey }, listener));
}

export function startTcp(onSocket: (socket: Socket) => void): Promise<LoopbackServer> {
  return listen(createTcpServer(onSocket));
}

async function listen(server: Server | TcpServer): Promise<LoopbackServer> {
  let count = 0;
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    count += 1;
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
