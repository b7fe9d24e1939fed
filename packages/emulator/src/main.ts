#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startEmulator } from './start-emulator.js';

const HELP = `alter-emulator: emulated OAuth providers and an identity provider, for this machine only

  --host HOST              where to listen (127.0.0.1)
  --port PORT              the provider Acme, its resource API, and the shaped providers below /p/ (4700; 0: any)
  --idp-port PORT          the identity provider (4800; 0: any)
  --audience NAME          audience of the identity provider's tokens (demo-api)
  --token-ttl SECONDS      lifetime of Acme's access tokens (3600)

Secrets of the clients acme-client, wallet and demo come from ACME_SECRET, IDP_SECRET and DEMO_IDP_SECRET,
otherwise they are acme-secret, wallet-secret and demo-secret.`;

function readNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  console.error(`--${name} must be a whole number up to ${max}`);
  process.exit(64);
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '4700' },
        'idp-port': { type: 'string', default: '4800' },
        audience: { type: 'string', default: 'demo-api' },
        'token-ttl': { type: 'string', default: '3600' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(error instanceof Error ? error.message : 'bad arguments');
    process.exit(64);
  }
}

const values = readOptions();
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const redirectUris = 'any-loopback';
const emulator = await startEmulator({
  host: values.host,
  port: readNumber('port', values.port, 65_535),
  idpPort: readNumber('idp-port', values['idp-port'], 65_535),
  audience: values.audience,
  accessTokenTtlSeconds: readNumber('token-ttl', values['token-ttl'], 31_536_000),
  providerClients: [
    {
      clientId: 'acme-client',
      clientSecret: process.env.ACME_SECRET ?? 'acme-secret',
      redirectUris,
      name: 'Demo',
    },
  ],
  idpClients: [
    {
      clientId: 'wallet',
      clientSecret: process.env.IDP_SECRET ?? 'wallet-secret',
      redirectUris,
      name: 'Wallet',
    },
    {
      clientId: 'demo',
      clientSecret: process.env.DEMO_IDP_SECRET ?? 'demo-secret',
      redirectUris,
      name: 'Demo',
    },
  ],
}).catch((error: unknown) => {
  console.error(`cannot start: ${error instanceof Error ? error.message : 'unknown error'}`);
  process.exit(1);
});

console.log(`ready ${emulator.provider.url} ${emulator.idp.url}`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void emulator.close().then(() => process.exit(0)));
}
