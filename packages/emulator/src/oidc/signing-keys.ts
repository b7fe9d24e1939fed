import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';

/** What a token for a user of some application says. */
export type UserTokenInput = {
  subject: string;
  email?: string;
  name?: string;
  groups?: string[];
  audience: string | string[];
  /** Negative: expired from the start. Default 3600. */
  expiresInSeconds?: number;
  overrides?: {
    /** Claims put over the usual ones; `null` takes a claim away. */
    claims?: Record<string, unknown>;
    header?: Record<string, unknown>;
    /** `unknown`: signed by a key that is not published, under the published key id. */
    key?: 'current' | 'unknown';
  };
};

/** RS256 keys of one issuer: the first signs, all are published. */
export type SigningKeys = {
  /** Private keys in JWK form, newest first. */
  list(): JWK[];
  listPublic(): JWK[];
  /** Makes a new key that signs from now on; the old ones stay published unless told otherwise. */
  rotate(options?: { isOldKeyWithdrawn?: boolean }): Promise<void>;
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  signUserToken(issuer: string, input: UserTokenInput, nowMs: number): Promise<string>;
};

/** Makes the keys of an issuer, with one key in them. */
export async function createSigningKeys(): Promise<SigningKeys> {
  let count = 0;
  async function makeKey(): Promise<JWK> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    count += 1;
    return { ...(await exportJWK(privateKey)), kid: `key-${count}`, use: 'sig', alg: 'RS256' };
  }
  async function signWith(key: JWK, claims: JWTPayload, header: Record<string, unknown>): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: key.kid ?? '', typ: 'JWT', ...header })
      .sign(await importJWK(key, 'RS256'));
  }
  let current = await makeKey();
  let older: JWK[] = [];

  return {
    list: () => [current, ...older],
    listPublic: () =>
      [current, ...older].map(({ kty, n, e, kid, use, alg }) => ({ kty, n, e, kid, use, alg }) as JWK),
    async rotate(options) {
      older = options?.isOldKeyWithdrawn ? [] : [current, ...older];
      current = await makeKey();
    },
    sign: (claims, header = {}) => signWith(current, claims, header),
    async signUserToken(issuer, input, nowMs) {
      const iat = Math.floor(nowMs / 1000);
      const claims: Record<string, unknown> = {
        iss: issuer,
        sub: input.subject,
        aud: input.audience,
        iat,
        exp: iat + (input.expiresInSeconds ?? 3600),
        ...(input.email === undefined ? {} : { email: input.email }),
        ...(input.name === undefined ? {} : { name: input.name }),
        ...(input.groups === undefined ? {} : { groups: input.groups }),
        ...input.overrides?.claims,
      };
      for (const [name, value] of Object.entries(claims)) if (value === null) delete claims[name];
      const key =
        input.overrides?.key === 'unknown' ? { ...(await makeKey()), kid: current.kid ?? '' } : current;
      return signWith(key, claims, input.overrides?.header ?? {});
    },
  };
}
