import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A call as it arrived. */
export interface TransitCall {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly namespace: string | undefined;
  readonly body: Record<string, unknown>;
}

/**
 * A transit secrets engine over real HTTP, as https://openbao.org/api-docs/secret/transit/ describes it: keys with versions, encrypt,
 * decrypt, rotate, config and delete, `errors` arrays, and the states a server can be in.
 */
export async function startTransitServer(options: { token: string; mount?: string; namespace?: string }) {
  const mount = options.mount ?? 'transit';
  const keys = new Map<string, { versions: Buffer[]; oldest: number; isDeletable: boolean }>();
  const calls: TransitCall[] = [];
  const answers: { status: number; errors: string[]; retryAfter?: string }[] = [];
  let isSealed = false;

  const encrypt = (name: string, plaintext: string) => {
    const versions = keys.get(name)?.versions ?? [];
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', versions.at(-1) ?? '', nonce);
    const bytes = Buffer.concat([
      nonce,
      cipher.update(plaintext, 'base64'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return {
      ciphertext: `vault:v${versions.length}:${bytes.toString('base64')}`,
      key_version: versions.length,
    };
  };
  const decrypt = (name: string, text: string): { status: number; body: unknown } => {
    const key = keys.get(name);
    const [, number = '0', payload = ''] = /^vault:v(\d+):(.*)$/.exec(text) ?? [];
    const version = Number(number);
    const secret = key?.versions[version - 1];
    if (!key) return { status: 400, body: { errors: ['encryption key not found'] } };
    if (version < key.oldest)
      return {
        status: 400,
        body: { errors: ['ciphertext or signature version is disallowed by policy (too old)'] },
      };
    if (!secret) return { status: 400, body: { errors: ['invalid ciphertext: version is too new'] } };
    const bytes = Buffer.from(payload, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(-16));
      const plaintext = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
      return { status: 200, body: { data: { plaintext: plaintext.toString('base64') } } };
    } catch {
      // The real one answers 500 here (hashicorp/vault#10842).
      return {
        status: 500,
        body: { errors: ['1 error occurred:\n\t* cipher: message authentication failed\n\n'] },
      };
    }
  };
  const handle = (call: TransitCall): { status: number; body?: unknown } => {
    if (isSealed) return { status: 503, body: { errors: ['Vault is sealed'] } };
    if (call.token !== options.token || call.namespace !== options.namespace)
      return { status: 403, body: { errors: ['permission denied'] } };
    const [, operation = '', name = '', what] =
      new RegExp(`^/v1/${mount}/(keys|encrypt|decrypt)/([^/]+)(?:/(config|rotate))?$`).exec(call.path) ?? [];
    const key = keys.get(name);
    if (operation === 'decrypt') return decrypt(name, String(call.body.ciphertext));
    if (operation === 'encrypt') {
      // The engine makes a key that is not there when the policy has `create`, as this one's has.
      if (!key) keys.set(name, { versions: [randomBytes(32)], oldest: 1, isDeletable: false });
      return { status: 200, body: { data: encrypt(name, String(call.body.plaintext)) } };
    }
    if (operation !== 'keys') return { status: 404, body: { errors: [] } };
    if (call.method === 'GET') {
      if (!key) return { status: 404, body: { errors: [] } };
      return { status: 200, body: { data: { type: 'aes256-gcm96', latest_version: key.versions.length } } };
    }
    if (call.method === 'POST' && what === undefined) {
      if (!key) keys.set(name, { versions: [randomBytes(32)], oldest: 1, isDeletable: false });
      return { status: 200, body: { data: { name } } };
    }
    if (!key) return { status: 400, body: { errors: [`no existing key named ${name} could be found`] } };
    if (what === 'rotate') key.versions.push(randomBytes(32));
    else if (what === 'config') {
      key.isDeletable = call.body.deletion_allowed === true || key.isDeletable;
      key.oldest = Number(call.body.min_decryption_version ?? key.oldest);
    } else if (call.method === 'DELETE') {
      if (!key.isDeletable)
        return { status: 400, body: { errors: ['deletion is not allowed for this key'] } };
      keys.delete(name);
    }
    return { status: 204 };
  };

  const server = createServer((incoming, outgoing) => {
    void readBody(incoming).then((text) => {
      const header = (name: string) => incoming.headers[name]?.toString();
      const call = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        token: header('x-vault-token'),
        namespace: header('x-vault-namespace'),
        body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      };
      calls.push(call);
      const forced = answers.shift();
      const { status, body } = forced
        ? { status: forced.status, body: { errors: forced.errors } }
        : handle(call);
      if (forced?.retryAfter) outgoing.setHeader('Retry-After', forced.retryAfter);
      outgoing.writeHead(status, { 'Content-Type': 'application/json' });
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    keyNames: () => [...keys.keys()],
    /** Makes a key as an operator does. */
    createKey: (name: string) =>
      keys.set(name, { versions: [randomBytes(32)], oldest: 1, isDeletable: false }),
    /** Replaces a key by another one of the same name. */
    replaceKey: (name: string) =>
      keys.set(name, { versions: [randomBytes(32)], oldest: 1, isDeletable: false }),
    rotateKey: (name: string) => keys.get(name)?.versions.push(randomBytes(32)),
    setOldestVersion: (name: string, oldest: number) => {
      const key = keys.get(name);
      if (key) key.oldest = oldest;
    },
    setSealed: (value: boolean) => {
      isSealed = value;
    },
    /** The next calls get these answers, whatever they ask. */
    answerNext: (...next: typeof answers) => answers.push(...next),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** What `startTransitServer` gives. */
export type TransitServer = Awaited<ReturnType<typeof startTransitServer>>;

async function readBody(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
  return text;
}
