import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeBothDatabases } from '../harness.js';
import { type ServedVault, serveVault } from '../server/socket.js';
import { type ProxyWorld, startProxyWorld } from './proxy-world.js';
import { openStream, readText } from './signed-call.js';

const marks = { bearer: 'MARK-bearer+7c/19=1', query: 'MARK-query+3f/d2=&', password: 'MARK-pässword-88' };
/** No secret: it has to be found, or the search is blind. */
const reason = 'MARK-reason-41';

function spell(text: string): string[] {
  const bytes = Buffer.from(text);
  const encoded = [0, 1, 2].map((shift) => {
    const all = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return all.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  });
  return [text, encodeURIComponent(text), bytes.toString('hex'), ...encoded];
}

describeBothDatabases('K6: every row and every answer, after calls by proxy', (kind) => {
  let world: ProxyWorld;
  let served: ServedVault;
  beforeAll(async () => {
    world = await startProxyWorld(kind, {
      app: (host) => ({
        managed_secrets: [
          { slug: 'bearer', kind: 'bearer', hosts: [host], value: marks.bearer },
          { slug: 'basic', kind: 'basic', hosts: [host], username: 'user', password: marks.password },
          {
            slug: 'query',
            kind: 'custom',
            hosts: [host],
            value: marks.query,
            injections: [{ query: 'api_key' }],
          },
        ],
      }),
    });
    served = await serveVault(world.stack.vault);
  });
  afterAll(async () => {
    await served?.close();
    await world?.close();
  });

  /** Every table with the bytes of every value in it. */
  const readRows = async () => {
    const { db } = world.stack.vault.deps.storage;
    // Of this schema alone: others come and go while it is read.
    const { rows: tables } = await (kind === 'sqlite'
      ? sql<{ name: string }>`select name from sqlite_master where type = 'table'`
      : sql<{ name: string }>`select tablename as name from pg_tables where schemaname = current_schema()`
    ).execute(db);
    const places = new Map<string, string>();
    for (const { name } of tables) {
      const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(db);
      const values = rows
        .flatMap((row) => Object.values(row))
        .map((value) =>
          value instanceof Uint8Array
            ? Buffer.from(value).toString('latin1')
            : typeof value === 'string'
              ? value
              : JSON.stringify(value),
        );
      places.set(name, values.join('\n'));
    }
    return places;
  };

  it('no marked secret, in any spelling, also where the provider sends it back', async () => {
    const answers: string[] = [];
    for (const provider of ['bearer', 'basic', 'query']) {
      const call = { method: 'POST', url: `${world.api}/x?own=1`, provider_id: provider, reason };
      for (const isEchoed of [false, true]) {
        world.provide((arrived, response) => {
          const sent = `${arrived.target} ${arrived.rawHeaders.join(' ')}`;
          response.end(isEchoed ? Buffer.from(sent).toString('base64') : 'fine');
        });
        const { status, body } = await world.proxy({ ...call, body: { n: 1 } });
        expect([status, body.error]).toEqual(isEchoed ? [502, 'credential_echoed'] : [200, undefined]);
        answers.push(JSON.stringify(body), Buffer.from(String(body.body_b64 ?? ''), 'base64').toString());
        const reading = openStream(served, world.stack.vault, call, 'text').then(readText);
        if (isEchoed) await expect(reading).rejects.toThrow();
        else answers.push(await reading);
      }
    }
    // Durable once the last stream's record is there.
    const countEchoes = async () =>
      (await world.records()).filter((record) => record.kind === 'security.credential_echoed').length;
    await expect.poll(countEchoes).toBe(6);
    const places = await readRows();
    places.set('answers', answers.join('\n'));
    const find = (text: string) =>
      [...places]
        .filter(([, values]) => spell(text).some((each) => values.includes(each)))
        .map(([name]) => name);
    expect(find(reason).some((name) => name.startsWith('audit_'))).toBe(true);
    for (const [name, mark] of Object.entries(marks)) expect([name, find(mark)]).toEqual([name, []]);
    expect(places.size).toBeGreaterThan(15);
  });
});
