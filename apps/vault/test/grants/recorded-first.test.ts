import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPageBrowser } from '../connect/connect-driver.js';
import { describeBothDatabases } from '../harness.js';
import { type Json, type SecretWorld, startSecretWorld } from '../secrets/secret-world.js';

describeBothDatabases('the record of a grant is there before the grant', (kind) => {
  let world: SecretWorld;
  let table: string;
  beforeAll(async () => {
    world = await startSecretWorld(kind);
    const month = new Date(world.vault.deps.clock()).toISOString().slice(0, 7).replace('-', '_');
    table = `audit_${month}`;
  });
  afterAll(() => world?.close());

  /** The database refuses the records of grants, and takes all others. */
  const breakLog = async () => {
    const { db } = world.vault.deps.storage;
    const run = (text: string) => sql.raw(text).execute(db);
    if (kind === 'sqlite') {
      await run(`create trigger broken before insert on ${table} when new.kind like 'grant.%'
        begin select raise(abort, 'broken'); end`);
      return () => run('drop trigger broken');
    }
    await run(`create function break_it() returns trigger language plpgsql as $$
      begin if new.kind like 'grant.%' then raise exception 'broken'; end if; return new; end $$`);
    await run(`create trigger broken before insert on ${table} for each row execute function break_it()`);
    return async () => {
      await run(`drop trigger broken on ${table}`);
      await run('drop function break_it()');
    };
  };
  const listRecords = async () => {
    const { rows } = await sql<{ record: string }>`
      select record from ${sql.table(table)} where kind like 'grant.%' order by at, sequence`.execute(
      world.vault.deps.storage.db,
    );
    return rows.map((row) => JSON.parse(row.record) as Json);
  };
  const listGrants = async (slug: string) => {
    const { body } = await world.call('/sdk/grants/list', { provider_id: slug, limit: 100 });
    return (body.grants as Json[]).map((grant) => grant.grant_id as string);
  };
  const create = async (slug: string, label: string | null) =>
    world.call(`/sdk/managed-secrets/${await world.secretId(slug)}/grants`, {
      principal: { type: 'system', label },
      grant_policy: {},
    });

  it('A4: a log that cannot be written leaves no grant, and the same call works once it can', async () => {
    const [source] = await listGrants('bearer');
    const mint = () => world.call(`/sdk/grants/${source}/mint`, { label: 'minted' });
    const calls = [() => create('bearer', 'made'), () => create('bearer', null), mint];
    const mend = await breakLog();
    for (const call of calls) {
      expect(await call()).toMatchObject({ status: 503, body: { error: 'audit_unavailable' } });
    }
    expect(await listGrants('bearer')).toEqual([source]);
    await mend();
    for (const call of calls) {
      const { status, body } = await call();
      expect(status).toBe(200);
      const own = (await listRecords()).filter((record) => record.grant_id === body.grant_id);
      expect(own).toMatchObject([{ kind: 'grant.created', outcome: 'ok', key_prefix: expect.any(String) }]);
    }
  });

  it('A4: nor is a key stored, new or in place of another, and its user may press the button again', async () => {
    const enter = async (value: string) => {
      const session = await world.call('/sdk/managed-secrets/connect/session', {
        provider: 'query',
        user_token: await world.userToken('ann'),
      });
      const browser = createPageBrowser(world.vault);
      const opened = await browser.post('open', { session_token: session.body.session_token });
      return () => browser.post('enter-key', { handle: opened.body.handle, fields: { value } });
    };
    const use = async () =>
      (await world.retrieve({ provider_id: 'query', user_token: await world.userToken('ann') })).body;
    for (const [value, before, operation] of [
      ['first-key', undefined, 'grant.created'],
      ['second-key', 'first-key', 'grant.reauthorized'],
    ] as const) {
      const press = await enter(value);
      const mend = await breakLog();
      expect(await press()).toMatchObject({ status: 503, body: { error: 'audit_unavailable' } });
      await mend();
      expect(JSON.stringify(await use()).includes('first-key')).toBe(before !== undefined);
      const done = await press();
      expect(done.body.state).toBe('completed');
      expect(JSON.stringify(await use())).toContain(value);
      expect((await listRecords()).at(-1)).toMatchObject({ kind: operation, outcome: 'ok' });
    }
  });

  it('A4: of two grants with one label at once, the log says which one came about', async () => {
    const [source] = await listGrants('datadog');
    for (const call of [
      () => create('datadog', 'twice'),
      () => world.call(`/sdk/grants/${source}/mint`, { label: 'twin' }),
    ]) {
      const answers = await Promise.all([call(), call(), call()]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    }
    const live = await listGrants('datadog');
    const records = (await listRecords()).filter((record) => record.provider_id === 'datadog');
    const outcomes = new Map<unknown, unknown[]>();
    for (const { grant_id: id, outcome, error_code: code } of records) {
      outcomes.set(id, [...(outcomes.get(id) ?? []), outcome, ...(code ? [code] : [])]);
    }
    for (const id of live.filter((each) => each !== source)) expect(outcomes.get(id)).toEqual(['ok']);
    for (const [id, said] of outcomes) {
      if (!live.includes(id as string)) expect(said).toEqual(['ok', 'failed', 'sibling_label_conflict']);
    }
  });
});
