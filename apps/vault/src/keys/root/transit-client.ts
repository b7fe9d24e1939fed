import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpenError } from '@alter-ai/core-crypto';
import { createEgress, type Egress, EgressError, type EgressResponse } from '@alter-ai/egress';
import { z } from 'zod';
import { KeyNotThereError, KeyServiceError } from './key-service-error.js';

/** Where a transit secrets engine is, and how to reach it. */
export interface TransitLocation {
  /** Origin of the OpenBao or Vault server, no trailing slash. */
  readonly url: string;
  /** Path that the engine is mounted at, `transit` by default. */
  readonly mount: string;
  readonly namespace: string | undefined;
  /** Read anew for each call: an agent may renew the token in it. */
  readonly tokenFile: string;
  /** Certificate authorities in PEM that replace the built-in ones. */
  readonly caFile: string | undefined;
  readonly isDevelopment: boolean;
}

/** Calls of the transit secrets engine (https://openbao.org/api-docs/secret/transit/). All throw KeyServiceError. */
export interface TransitClient {
  /** Latest version of a key that exists. */
  readLatestVersion(name: string): Promise<number>;
  /** Ciphertext as the engine writes it: `vault:v1:…`. */
  encrypt(name: string, plaintext: Uint8Array): Promise<string>;
  /** Throws OpenError too: made by another key, or changed. */
  decrypt(name: string, ciphertext: string): Promise<Buffer>;
  /** Makes a key for AES-256-GCM; nothing happens when it exists. */
  createKey(name: string): Promise<void>;
  /** Deletes a key with all its versions for ever; nothing happens when there is none. */
  deleteKey(name: string): Promise<void>;
}

const requestTimeoutMs = 5_000;
const attemptsMax = 4;
const firstWaitMs = 200;
const waitMsMax = 2_000;
const keySchema = z.object({ data: z.object({ latest_version: z.int().positive() }) });
const encryptedSchema = z.object({ data: z.object({ ciphertext: z.string().regex(/^vault:v\d+:\S+$/) }) });
const decryptedSchema = z.object({ data: z.object({ plaintext: z.base64() }) });
const errorSchema = z.object({ errors: z.array(z.string()) });

/** A client of one engine; passing failures (network, sealed, too many requests) are tried again within some seconds. */
export function createTransitClient(location: TransitLocation): TransitClient {
  const { host, hostname } = new URL(location.url);
  let egress: Egress | undefined;

  async function call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: Readonly<Record<string, unknown>>,
  ): Promise<EgressResponse> {
    // Named by the operator, so it may be inside the own network.
    egress ??= createEgress({
      isDevelopment: location.isDevelopment,
      allowedNetworks: [hostname.replace(/^\[|\]$/g, '')],
      ...(location.caFile === undefined ? {} : { ca: readOwnFile(location.caFile) }),
    });
    return egress.fetch(`${location.url}/v1/${location.mount}/${path}`, {
      method,
      headers: {
        'X-Vault-Token': readOwnFile(location.tokenFile).trim(),
        'X-Vault-Request': 'true',
        ...(location.namespace === undefined ? {} : { 'X-Vault-Namespace': location.namespace }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      allowedHosts: [host],
      timeoutMs: requestTimeoutMs,
    });
  }

  async function ask(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: Readonly<Record<string, unknown>>,
  ): Promise<EgressResponse> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await call(method, path, body).catch((error: unknown) => {
        if (!(error instanceof EgressError)) throw error;
        return describeUnreached(host, error);
      });
      const failure = answer instanceof KeyServiceError ? answer : judge(host, path, answer);
      if (failure === undefined) return answer as EgressResponse;
      const isFinal = !(failure instanceof KeyServiceError) || failure.isRefused;
      if (isFinal || attempt >= attemptsMax) throw failure;
      const wanted = answer instanceof KeyServiceError ? 0 : Number(answer.headers.get('retry-after')) * 1000;
      await sleep(Math.min(waitMsMax, Math.max(wanted || 0, firstWaitMs * 2 ** (attempt - 1))));
    }
  }

  function read<T>(schema: z.ZodType<T>, answer: EgressResponse): T {
    let body: unknown;
    try {
      body = answer.json();
    } catch {
      body = undefined;
    }
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new KeyServiceError(
      `The key service at ${host} gave an answer that is not of the transit engine.`,
      {
        isRefused: true,
      },
    );
  }

  return {
    readLatestVersion: async (name) => read(keySchema, await ask('GET', `keys/${name}`)).data.latest_version,
    encrypt: async (name, plaintext) => {
      const body = { plaintext: Buffer.from(plaintext).toString('base64') };
      return read(encryptedSchema, await ask('POST', `encrypt/${name}`, body)).data.ciphertext;
    },
    decrypt: async (name, ciphertext) => {
      const answer = await ask('POST', `decrypt/${name}`, { ciphertext });
      return Buffer.from(read(decryptedSchema, answer).data.plaintext, 'base64');
    },
    createKey: async (name) => {
      await ask('POST', `keys/${name}`, { type: 'aes256-gcm96' });
    },
    deleteKey: async (name) => {
      try {
        await ask('POST', `keys/${name}/config`, { deletion_allowed: true });
        await ask('DELETE', `keys/${name}`);
      } catch (error) {
        if (!(error instanceof KeyNotThereError)) throw error;
      }
    },
  };
}

function judge(host: string, path: string, answer: EgressResponse): Error | undefined {
  const { status } = answer;
  if (status >= 200 && status < 300) return undefined;
  const said = readErrors(answer);
  const refuse = (message: string) => new KeyServiceError(message, { isRefused: true });
  // Some versions answer 500 to a ciphertext that does not open.
  if (/message authentication failed|invalid ciphertext/.test(said)) return new OpenError();
  if (
    status === 404 ||
    /encryption key not found|no existing key named|could not delete.*not found/.test(said)
  ) {
    return new KeyNotThereError(`The key service at ${host} has nothing at ${path}.`, { isRefused: true });
  }
  if (/disallowed by policy \(too old\)/.test(said)) {
    return refuse(
      `The key service at ${host} no longer decrypts with the version of the key that these data were wrapped with. Lower its min_decryption_version, then run alter rotate-keys --root.`,
    );
  }
  if (status === 401 || status === 403) {
    return refuse(`The key service at ${host} refuses the token (${status}) for ${path}.`);
  }
  const passes = status === 429 || status >= 500 || status === 412 || (status >= 300 && status < 400);
  const why = status === 503 && /sealed/.test(said) ? 'is sealed (503)' : `answers ${status}`;
  return new KeyServiceError(`The key service at ${host} ${why} to ${path}.`, { isRefused: !passes });
}

function readErrors(answer: EgressResponse): string {
  try {
    return errorSchema.parse(answer.json()).errors.join('; ');
  } catch {
    return '';
  }
}

function describeUnreached(host: string, error: EgressError): KeyServiceError {
  const isRefused = ['invalid_url', 'invalid_request', 'blocked_destination', 'tls_failed'].includes(
    error.code,
  );
  return new KeyServiceError(`The key service at ${host} is not reached (${error.code}).`, { isRefused });
}

function readOwnFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new KeyServiceError(`${path} cannot be read (${code}).`, { isRefused: true });
  }
}
