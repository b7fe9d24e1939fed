import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import pg from 'pg';
import { startTcpProxy } from '../chaos/faults/tcp-proxy.js';
import { type CallResult, createSignedCall } from '../chaos/load/signed-call.js';
import { prepareDisk } from '../chaos/world/fillable-disk.js';
import { connectOverHttp } from '../harness/connect-over-http.js';
import { findTools } from '../harness/machine/find-tools.js';
import { type Stack, startStack } from '../harness/stack.js';
import { startVaultProcess } from '../harness/vault-process.js';

const databaseUrl = process.env.DATABASE_URL;
const suffix = `${process.pid}_${Date.now()}`;

/** A database and a role of its own on the test server; the role gets so many connections and no more. */
async function createDatabase(connectionsMax: number): Promise<{ url: URL; role: string; admin: pg.Client }> {
  const role = `alter_f2_${suffix}`;
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query(`create role ${role} login connection limit ${connectionsMax}`);
  await admin.query(`create database ${role} owner ${role}`);
  const url = new URL(databaseUrl ?? '');
  url.username = role;
  url.password = '';
  url.pathname = `/${role}`;
  return { url, role, admin };
}

async function callToken(stack: Stack, grantId: string): Promise<CallResult> {
  return createSignedCall(stack.apiKey)(stack.vault.url, '/sdk/token', {
    grant_id: grantId,
    reason: null,
    request: { method: 'GET', url: `${stack.apiUrl}/messages` },
  });
}

async function expectOutage(stack: Stack, grantId: string): Promise<void> {
  const answer = await callToken(stack, grantId);
  expect(answer).toMatchObject({ status: 503, hasRetryAfter: true, body: { retryable: true } });
  expect(answer.body.access_token).toBeUndefined();
}

const expectRecovery = (stack: Stack, grantId: string) =>
  expect.poll(async () => (await callToken(stack, grantId)).status, { timeout: 30_000 }).toBe(200);

test('F2: a database that is gone, or has no connection left, is 503 with Retry-After, and then well again', async () => {
  test.skip(!databaseUrl, 'needs DATABASE_URL');
  test.setTimeout(150_000);
  const connectionsMax = 14;
  const { url, role, admin } = await createDatabase(connectionsMax);
  const proxy = await startTcpProxy(Number(url.port || 5432));
  const behindProxy = new URL(url);
  behindProxy.hostname = '127.0.0.1';
  behindProxy.port = String(proxy.port);
  const first = await startStack({ isWithoutIdp: true });
  await first.vault.stop();
  let vault = await startVaultProcess({ config: first.config, databaseUrl: behindProxy.href });
  const stack = { ...first, vault };
  try {
    const grantId = await connectOverHttp({ url: vault.url, apiKey: stack.apiKey }, { providerId: 'acme' });
    expect((await callToken(stack, grantId)).status).toBe(200);

    proxy.setMode('refuse');
    await expectOutage(stack, grantId);
    proxy.setMode('pass');
    await expectRecovery(stack, grantId);

    // Every connection of the role but the vault's is taken, then the vault's are ended: there is none left for it.
    const taken: pg.Client[] = [];
    const take = async () => {
      for (;;) {
        const client = new pg.Client({ connectionString: url.href });
        client.on('error', () => {});
        try {
          await client.connect();
        } catch {
          return;
        }
        taken.push(client);
      }
    };
    await admin.query(`alter role ${role} connection limit 0`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [role]);
    await admin.query(`alter role ${role} connection limit ${connectionsMax}`);
    await take();
    expect(taken.length).toBeGreaterThan(0);
    await admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 and application_name = $2',
      [role, 'alter-vault'],
    );
    await take();
    await expectOutage(stack, grantId);
    await Promise.all(taken.map((client) => client.end()));
    await expectRecovery(stack, grantId);
    // The command is waited for without a turn of this process, in which the proxy is: so it is asked past the proxy.
    await vault.stop();
    vault = await startVaultProcess({ config: first.config, databaseUrl: url.href, dataDir: vault.dataDir });
    expect(vault.alter('audit', 'verify')).toMatchObject({ status: 0 });
  } finally {
    await vault.stop();
    await first.close();
    await proxy.close();
    await admin.query(`drop database ${role} with (force)`);
    await admin.query(`drop role ${role}`);
    await admin.end();
  }
});

test('F2: a full disk is 503 with Retry-After, nothing is released without its record, and then it is well again', async () => {
  test.setTimeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'alter-disk-'));
  const disk = await prepareDisk(folder, findTools().prlimit);
  test.skip(disk === undefined, 'neither may this user mount a file system nor is there prlimit');
  const first = await startStack({ isWithoutIdp: true });
  await first.vault.stop();
  const vault = await startVaultProcess({ config: first.config, dataDir: folder });
  const stack = { ...first, vault };
  try {
    const grantId = await connectOverHttp({ url: vault.url, apiKey: stack.apiKey }, { providerId: 'acme' });
    expect((await callToken(stack, grantId)).status).toBe(200);
    await disk?.fill(vault.child.pid);
    // What was set aside in the write-ahead log may still take a few.
    await expect
      .poll(async () => (await callToken(stack, grantId)).status, { timeout: 30_000, intervals: [20] })
      .toBe(503);
    await expectOutage(stack, grantId);
    await disk?.empty(vault.child.pid);
    await expectRecovery(stack, grantId);
    expect(vault.alter('audit', 'verify').status).toBe(0);
  } finally {
    await vault.stop();
    await first.close();
    await disk?.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
