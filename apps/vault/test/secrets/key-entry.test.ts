import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPageBrowser, type PageBrowser, poll } from '../connect/connect-driver.js';
import { describeBothDatabases } from '../harness.js';
import { type Json, type SecretWorld, startSecretWorld, target } from './secret-world.js';

const marked = 'MARK-user-key-5f0c3a';

describeBothDatabases('key entry by a user', (kind) => {
  let world: SecretWorld;
  beforeAll(async () => {
    world = await startSecretWorld(kind);
  });
  afterAll(() => world?.close());

  const start = async (subject: string, body: Json = {}) =>
    world.call('/sdk/managed-secrets/connect/session', {
      provider: 'datadog',
      user_token: await world.userToken(subject),
      ...body,
    });
  const open = async (session: Json) => {
    const browser = createPageBrowser(world.vault);
    const view = await browser.post('open', { session_token: session.session_token });
    expect(view.status).toBe(200);
    return { browser, view: view.body, handle: view.body.handle as string };
  };
  const enter = (page: { browser: PageBrowser; handle: string }, fields: Json, more: Json = {}) =>
    page.browser.post('enter-key', { handle: page.handle, fields, ...more });
  /** A whole entry; answers the grant that the page posts. */
  const enterKey = async (subject: string, value: string, body: Json = {}) => {
    const session = await start(subject, body);
    const page = await open(session.body);
    const done = await enter(page, { value });
    expect(done.body.state).toBe('completed');
    return { session: session.body, grant: (done.body.grants as Json[])[0] as Json, view: done.body };
  };
  const use = async (grantId: unknown) =>
    (await world.retrieve({ grant_id: grantId, request: { method: 'GET', url: target } })).body;

  it('the session has every field of the wire, and the page asks for what the kind needs, of nobody else', async () => {
    const session = await start('ann', { allowed_origin: 'http://127.0.0.1:4600' });
    expect(session.status).toBe(200);
    expect(session.body).toMatchObject({
      expires_in: 600,
      path: 'key_entry',
      secret_slug: 'datadog',
      existing_grant_id: null,
      delegable_requested: false,
      direct: false,
    });
    expect(session.body.session_token).toMatch(/^ms_sess_/);
    const { view } = await open(session.body);
    expect(view).toMatchObject({
      state: 'open',
      providers: [],
      message_targets: ['http://127.0.0.1:4600'],
      key_entry: {
        slug: 'datadog',
        name: 'Datadog',
        hosts: ['api.example.com'],
        fields: [{ name: 'value', label: 'API key', is_secret: true, is_required: true }],
        existing: null,
        is_repair: false,
      },
    });
  });

  it('a key that was entered works for its user, is shown nowhere, and the grant says who stored it', async () => {
    const { grant, view } = await enterKey('bea', marked, { requested_grant: { label: 'Bea' } });
    expect(grant).toMatchObject({ provider: 'datadog', account_identifier: 'Bea', operation: 'creation' });
    expect(JSON.stringify(view)).not.toContain(marked);
    const token = await world.userToken('bea');
    const found = await world.retrieve({ provider_id: 'datadog', user_token: token });
    expect(found.body).toMatchObject({ grant_id: grant.grant_id, access_token: marked });
    const listed = await world.call('/sdk/grants/list', { user_token: token });
    expect(listed.body.grants).toMatchObject([
      { grant_kind: 'managed_secret', credential_kind: 'end_user', principal_type: 'user', label: 'Bea' },
    ]);
    const other = await world.retrieve({
      provider_id: 'datadog',
      user_token: await world.userToken('cleo'),
    });
    expect(other.status).toBe(404);
  });

  it('fast path: a user with a key is offered it; another key takes its place and the grant keeps its id', async () => {
    const first = await enterKey('dora', 'first-key');
    const session = await start('dora');
    expect(session.body).toMatchObject({ path: 'fast_path', existing_grant_id: first.grant.grant_id });
    const page = await open(session.body);
    expect(page.view.key_entry).toMatchObject({ existing: { is_replaceable: true } });
    const used = await page.browser.post('use-existing', {
      handle: page.handle,
      grant_id: first.grant.grant_id,
    });
    expect(used.body).toMatchObject({ state: 'completed', grants: [{ grant_id: first.grant.grant_id }] });
    const second = await enterKey('dora', 'second-key');
    expect(second.grant).toMatchObject({ grant_id: first.grant.grant_id, operation: 'reauth' });
    expect(await use(first.grant.grant_id)).toHaveProperty('access_token', 'second-key');
  });

  it('repair: the key of one grant is replaced in place; foreign, unknown and the developer’s are not found', async () => {
    const { grant } = await enterKey('elsa', 'broken-key', { requested_grant: { label: 'work' } });
    const repaired = await enterKey('elsa', 'repaired-key', { repair_grant_id: grant.grant_id });
    expect(repaired.session).toMatchObject({ path: 'repair', existing_grant_id: grant.grant_id });
    expect(repaired.grant).toMatchObject({ grant_id: grant.grant_id, operation: 'reauth' });
    expect(await use(grant.grant_id)).toHaveProperty('access_token', 'repaired-key');
    const foreign = await start('flo', { repair_grant_id: grant.grant_id });
    expect([foreign.status, foreign.body.error]).toEqual([404, 'grant_not_found']);
    const path = `/sdk/managed-secrets/${await world.secretId('datadog')}/grants`;
    const assigned = await world.call(path, {
      principal: { type: 'user', user_token: await world.userToken('flo'), label: 'given' },
    });
    const own = await start('flo', { repair_grant_id: assigned.body.grant_id });
    expect(own.status).toBe(404);
    const page = await open((await start('flo')).body);
    expect(page.view.key_entry).toMatchObject({ existing: { label: 'given', is_replaceable: false } });
    const refused = await enter(page, { value: 'x-key' });
    expect([refused.status, refused.body.error]).toEqual([409, 'sibling_label_conflict']);
    const credentialId = (await world.call('/sdk/grants/list', { label: 'work' })).body.grants as Json[];
    const stolen = await world.call(path, {
      principal: { type: 'system', label: 'stolen' },
      credential_id: credentialId[0]?.credential_id,
    });
    expect([stolen.status, stolen.body.error]).toEqual([409, 'end_user_credential_not_assignable']);
  });

  it('a user’s key goes with its last grant, and bounds of the lifetime hold', async () => {
    const session = await start('gina', { grant_policy: { max_ttl_seconds: 600 } });
    const page = await open(session.body);
    const tooLong = await enter(page, { value: 'gina-key' }, { lifetime_seconds: 601 });
    expect([tooLong.status, tooLong.body.error]).toEqual([422, 'invalid_grant_policy']);
    const done = await enter(page, { value: 'gina-key' }, { lifetime_seconds: 60 });
    const grantId = (done.body.grants as Json[])[0]?.grant_id;
    expect((await use(grantId)).expires_in).toBeLessThanOrEqual(60);
    await world.call(`/sdk/oauth/grants/${grantId}/revoke`, { user_token: await world.userToken('gina') });
    expect(await use(grantId)).toHaveProperty('error', 'grant_revoked');
    const row = await world.vault.deps.storage.db
      .selectFrom('credentials')
      .select(['status', 'sealed_tokens'])
      .where('owner', '=', 'end_user')
      .where('status', '=', 'revoked')
      .executeTakeFirstOrThrow();
    expect([row.status, row.sealed_tokens.length]).toEqual(['revoked', 0]);
  });

  it('bad entries name the field and never its content; a session works once and in one browser', async () => {
    const session = await start('hedy', { provider: 'aws' });
    const page = await open(session.body);
    const bad = [
      {},
      { access_key_id: 'x' },
      { access_key_id: 'AKIDX', secret_access_key: `${marked}\nX: y` },
      { pin: marked },
    ];
    for (const fields of bad) {
      const answer = await enter(page, fields);
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
      expect(answer.body.field).toMatch(/^fields\./);
      expect(JSON.stringify(answer.body)).not.toContain(marked);
    }
    const stranger = await enter({ ...page, browser: createPageBrowser(world.vault) }, { value: 'x' });
    expect(stranger.status).toBe(404);
    const fields = { access_key_id: 'AKIDHEDY', secret_access_key: 'hedy-secret', session_token: '' };
    expect((await enter(page, fields)).status).toBe(200);
    expect((await enter(page, fields)).body.error).toBe('session_not_open');
    const polled = await poll(world.vault, session.body.session_token as string);
    expect(polled).toMatchObject({ status: 'completed', grants: [{ provider_id: 'aws' }] });
  });

  it('refusals of the session: unknown slug, template, origin, agent fields, user token', async () => {
    const refusals: [Json, number, string][] = [
      [{ provider: 'nothing' }, 404, 'secret_not_found'],
      [{ template_slug: 'stripe' }, 422, 'secret_template_mismatch'],
      [{ provider: undefined, template_slug: 'stripe' }, 404, 'secret_not_found'],
      [{ provider: undefined }, 400, 'invalid_request'],
      [{ allowed_origin: 'https://evil.test' }, 400, 'invalid_origin'],
      [{ return_url: 'https://evil.test/' }, 400, 'invalid_return_url'],
      [{ agent: 'bot' }, 422, 'not_supported_yet'],
      [{ user_token: 'a.b.c' }, 401, 'jwt_validation_error'],
      [{ grant_policy: { max_ttl_seconds: 1, default_ttl_seconds: 2 } }, 422, 'invalid_grant_policy'],
      [{ provider: 'Data Dog' }, 400, 'invalid_request'],
    ];
    for (const [body, status, error] of refusals) {
      const answer = await start('ida', body);
      expect([answer.status, answer.body.error]).toEqual([status, error]);
    }
  });
});
