import { createSecretKey, type KeyObject } from 'node:crypto';
import { type KeyScope, keyScopes } from '@alter-ai/core-contract';
import { deriveKeyId, isApiKeyFormat, sha256Hex } from '@alter-ai/core-crypto';
import type { VaultDeps } from '../../deps.js';
import { type ApiKeyRow, prepareKeyLookup } from '../../storage/settings/key-lookup.js';
import { ApiError } from '../api-error.js';

/** An API key ready for use. */
export interface PreparedKey {
  readonly row: ApiKeyRow;
  readonly signingKey: KeyObject;
  readonly scopes: ReadonlySet<KeyScope>;
  /** Null: from anywhere. */
  readonly allowedNetworks: readonly string[] | null;
}

/** Finds the key that a request names, with what is costly prepared once per stored row. */
export interface KeyFinder {
  /** @throws ApiError `invalid_key` */
  find(apiKey: string | undefined, keyId: string | undefined): PreparedKey | Promise<PreparedKey>;
  /** Remembers the digest of a key whose signature was right, which saves two HMACs per request. */
  remember(apiKey: string | undefined, keyId: string | undefined): void;
}

interface Prepared {
  readonly sealed: Buffer;
  readonly scopesJson: string | null;
  readonly networksJson: string | null;
  readonly signingKey: KeyObject;
  readonly scopes: ReadonlySet<KeyScope>;
  readonly allowedNetworks: readonly string[] | null;
}

const entriesMax = 10_000;
const keyIdPattern = /^[0-9a-f]{32}$/;

/** Makes a finder; one per server. */
export function createKeyFinder(deps: Pick<VaultDeps, 'storage' | 'keyring'>): KeyFinder {
  const lookUp = prepareKeyLookup(deps.storage);
  const digestsById = new Map<string, string>();
  const digestsByHash = new Map<string, string>();
  const prepared = new Map<string, Prepared>();
  /** By row object: where rows are kept, the same one comes again and needs no comparing. */
  const known = new WeakMap<ApiKeyRow, PreparedKey>();

  const recallDigest = (apiKey: string | undefined, keyId: string | undefined): string | undefined => {
    if (apiKey === undefined) return keyId === undefined ? undefined : digestsById.get(keyId);
    // Both given: the id was checked against the key the first time only if it came along, so derive again.
    return keyId === undefined ? digestsByHash.get(sha256Hex(apiKey)) : undefined;
  };

  const deriveDigest = (apiKey: string | undefined, keyId: string | undefined): string => {
    if (apiKey !== undefined) {
      if (!isApiKeyFormat(apiKey))
        throw new ApiError('invalid_key', { message: 'The API key is not well formed.' });
      const derived = deriveKeyId(apiKey);
      if (keyId !== undefined && keyId !== derived) {
        throw new ApiError('invalid_key', { message: 'x-api-key and X-Alter-Key-Id name different keys.' });
      }
      return deps.keyring.lookupDigest(derived);
    }
    if (keyId === undefined || !keyIdPattern.test(keyId)) throw new ApiError('invalid_key');
    return deps.keyring.lookupDigest(keyId);
  };

  const prepare = async (row: ApiKeyRow): Promise<PreparedKey> => {
    let entry = prepared.get(row.id);
    const isCurrent =
      entry !== undefined &&
      entry.scopesJson === row.scopes_json &&
      entry.networksJson === row.cidr_allowlist_json &&
      entry.sealed.equals(row.sealed_signing_key);
    if (!entry || !isCurrent) {
      const context = { table: 'api_keys', rowId: row.id, appId: row.app_id, field: 'signing_key' };
      const opened = await deps.keyring.open(context, row.sealed_signing_key);
      entry = {
        sealed: row.sealed_signing_key,
        scopesJson: row.scopes_json,
        networksJson: row.cidr_allowlist_json,
        signingKey: createSecretKey(Buffer.from(opened, 'base64')),
        scopes: readScopes(row.scopes_json),
        allowedNetworks: row.cidr_allowlist_json === null ? null : JSON.parse(row.cidr_allowlist_json),
      };
      if (prepared.size >= entriesMax) prepared.clear();
      prepared.set(row.id, entry);
    }
    const key = {
      row,
      signingKey: entry.signingKey,
      scopes: entry.scopes,
      allowedNetworks: entry.allowedNetworks,
    };
    known.set(row, key);
    return key;
  };

  const requireKey = (row: ApiKeyRow | undefined): PreparedKey | Promise<PreparedKey> => {
    if (!row) throw new ApiError('invalid_key');
    return known.get(row) ?? prepare(row);
  };

  return {
    find(apiKey, keyId) {
      const row = lookUp(recallDigest(apiKey, keyId) ?? deriveDigest(apiKey, keyId));
      return row instanceof Promise ? row.then(requireKey) : requireKey(row);
    },
    remember(apiKey, keyId) {
      const digests = apiKey === undefined ? digestsById : digestsByHash;
      const name = apiKey === undefined ? (keyId ?? '') : sha256Hex(apiKey);
      if (digests.has(name)) return;
      if (digests.size >= entriesMax) digests.clear();
      digests.set(name, deriveDigest(apiKey, keyId));
    },
  };
}

function readScopes(json: string | null): ReadonlySet<KeyScope> {
  if (json === null) return new Set(keyScopes);
  const listed = new Set<unknown>(JSON.parse(json));
  return new Set(keyScopes.filter((scope) => listed.has(scope)));
}
