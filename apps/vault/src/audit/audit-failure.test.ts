import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { generateRootKey, parseRootKey } from '@alter-ai/core-crypto';
import { expect, it } from 'vitest';
import { forEachDatabase, type TestDatabase } from '../../test/databases.js';
import { openKeyring } from '../keys/open-keyring.js';
import { openStorage } from '../storage/database/open-storage.js';
import type { Storage } from '../storage/database/storage.js';
import { openAuditLog } from './open-audit-log.js';
import { verifyAudit } from './verify-audit.js';

const rootKey = parseRootKey(generateRootKey());
const clock = Date.now;
const event = { kind: 'access.retrieve', appId: 'a', reason: 'r'.repeat(2_000) } as const;

async function openLog(storage: Storage) {
  const keyring = await openKeyring({ storage, rootKey, clock });
  return { keyring, log: await openAuditLog({ storage, keyring, clock }) };
}

forEachDatabase('audit log in trouble', (createDatabase, kind) => {
  it.skipIf(kind === 'postgres')(
    'F2: a full disk refuses records, loses none that was acknowledged, and heals',
    async () => {
      const storage = await (await createDatabase()).open();
      const { keyring, log } = await openLog(storage);
      if (storage.native.kind !== 'sqlite') throw new Error('not SQLite');
      const { database } = storage.native;
      await log.append(event);
      const pages = Number(database.pragma('page_count', { simple: true }));
      database.pragma(`max_page_count = ${pages + 20}`);
      const results = [];
      for (let index = 0; index < 60; index += 1)
        results.push(
          await log.append(event).then(
            () => 'durable',
            (error) => error.code,
          ),
        );
      expect(new Set(results)).toEqual(new Set(['durable', 'audit_unavailable']));
      expect(results.at(-1)).toBe('audit_unavailable');
      database.pragma('max_page_count = 1000000');
      await log.append(event);
      const durable = results.filter((result) => result === 'durable').length;
      expect(await verifyAudit({ storage, keyring })).toMatchObject({ isIntact: true, records: durable + 2 });
    },
  );

  it.skipIf(kind === 'sqlite')(
    'F2: a database that is gone refuses records in time, and the log goes on when it is back',
    async () => {
      const database = await createDatabase();
      const direct = await database.open();
      const line = await openLine(database);
      const storage = await openStorage({ ...database.options, databaseUrl: line.url, timeoutMs: 1_000 });
      try {
        const { keyring, log } = await openLog(storage);
        await log.append(event);
        const cut = Promise.allSettled(Array.from({ length: 20 }, () => log.append(event)));
        line.cut();
        expect(await storage.isUsable()).toBe(false);
        const refused = await log.append(event).catch((error: unknown) => error);
        expect(refused).toMatchObject({ code: 'audit_unavailable' });
        const durable = (await cut).filter((result) => result.status === 'fulfilled').length;
        line.restore();
        await log.append(event);
        expect(await storage.isUsable()).toBe(true);
        const verdict = await verifyAudit({ storage: direct, keyring });
        expect([verdict.isIntact, verdict.faults]).toEqual([true, []]);
        expect(verdict.records).toBeGreaterThanOrEqual(durable + 2);
      } finally {
        await storage.close();
        line.close();
      }
    },
  );
});

/** A line to the database that can be cut. */
async function openLine(database: TestDatabase) {
  const url = new URL(database.options.databaseUrl ?? '');
  const target = { port: Number(url.port || 5432), host: url.hostname };
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((socket) => {
    if (isCut) {
      socket.destroy();
      return;
    }
    const upstream = connect(target);
    for (const end of [socket, upstream]) {
      sockets.add(end);
      end.on('error', () => {}).on('close', () => sockets.delete(end));
    }
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.port = String((server.address() as AddressInfo).port);
  url.hostname = '127.0.0.1';
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cut,
    restore: () => {
      isCut = false;
    },
    close: () => {
      cut();
      server.close();
    },
  };
}
