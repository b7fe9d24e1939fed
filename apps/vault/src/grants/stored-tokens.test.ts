import { expect, it } from 'vitest';
import type { Keyring } from '../keys/keyring.js';
import { openReleasedTokens, openTokens, sealTokens } from './stored-tokens.js';

const key = { appId: 'app', credentialId: 'credential' };
/** Seals nothing: what is looked at here is the text inside. */
const keyring = {
  seal: async (_context, text) => Buffer.from(text),
  open: async (_context, sealed) => Buffer.from(sealed).toString('utf8'),
} as Partial<Keyring> as Keyring;
const tokens = {
  access_token: 'at\n"1"',
  token_type: 'Bearer',
  additional: { user: 'u' },
  refresh_token: 'rt',
  id_token: 'it',
  raw: '{\n  "access_token": "at"\n}\n',
};

it('a token set comes back whole, and what a call releases without the rest', async () => {
  const sealed = await sealTokens(keyring, key, tokens);
  expect(await openTokens(keyring, key, sealed)).toEqual(tokens);
  const { access_token, token_type, additional } = tokens;
  expect(await openReleasedTokens(keyring, key, sealed)).toEqual({ access_token, token_type, additional });
  expect(
    await openTokens(keyring, key, await sealTokens(keyring, key, { access_token: 'a', raw: '' })),
  ).toEqual({
    access_token: 'a',
    raw: '',
  });
});

it('a token set sealed before there were two lines opens as well', async () => {
  const sealed = Buffer.from(JSON.stringify(tokens));
  expect(await openTokens(keyring, key, sealed)).toEqual(tokens);
  expect(await openReleasedTokens(keyring, key, sealed)).toMatchObject({ access_token: tokens.access_token });
});
