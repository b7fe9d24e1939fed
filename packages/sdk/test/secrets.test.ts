import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { useTestBed } from './servers/test-bed.js';
import { apiKey, grantId, secretToken } from './servers/vault-server.js';

const bed = useTestBed();
const look = (value: unknown) =>
  `${inspect(value, { depth: 12, showHidden: true, getters: true })}${JSON.stringify(value)}${String(value)}`;

it('K7: no public object shows the token or the API key', async () => {
  const app = bed.makeApp({ caller: 'svc', sendKey: true });
  const response = await app.request('GET', bed.provider.url, { grantId, userToken: 'jwt-marked' });
  expect(bed.provider.arrived[0]?.headers.authorization).toBe(`Bearer ${secretToken}`);
  const seen = look(app) + look(response) + look(response.clone()) + look(await response.json());
  await app.close();
  for (const secret of [secretToken, 'S3CRET', apiKey, apiKey.slice(14), 'jwt-marked']) {
    expect(seen).not.toContain(secret);
    expect(bed.warnings.join()).not.toContain(secret);
    const records = JSON.stringify(bed.vault.bodies('recordApiCall'));
    expect(records).not.toContain(secret);
  }
});

it('K7: a wrong API key is not repeated in the error', () => {
  const wrong = `${apiKey}x`;
  expect(() => bed.makeApp({ apiKey: wrong })).toThrow('apiKey is not an API key');
  try {
    bed.makeApp({ apiKey: wrong });
  } catch (error) {
    expect(look(error)).not.toContain(apiKey);
  }
});

it("K7: the getter's own error, which may hold a token, is replaced", async () => {
  const app = bed.makeApp({
    userTokenGetter: () => {
      throw new Error('jwt-marked');
    },
  });
  const error = await app.request('GET', bed.provider.url, { grantId }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'user_token_getter_failed' });
  expect(look(error)).not.toContain('jwt-marked');
  const empty = bed.makeApp({ userTokenGetter: () => '' });
  await expect(empty.listGrants()).rejects.toMatchObject({ code: 'user_token_getter_failed' });
  expect(bed.vault.arrived).toEqual([]);
});
