// `npm start`: emulated providers and sign-in, the vault on embedded SQLite, and the demo, in one terminal.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dataDir = resolve(process.env.ALTER_VAULT_DATA_DIR ?? join(root, 'data'));
const stopMs = 20_000;
const host = '127.0.0.1';

const importBuilt = (path) => import(new URL(`../${path}`, import.meta.url).href);
const { mintApiKey } = await importBuilt('packages/core-crypto/dist/index.js');
const { emulatedOverrides } = await importBuilt('packages/emulator/dist/index.js');

function canListen(port, address) {
  return new Promise((done) => {
    const server = createServer();
    // A machine without IPv6 has nobody on ::1 either.
    server.once('error', (error) => done(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'));
    server.listen(port, address, () => server.close(() => done(true)));
  });
}

function findFreePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, host, () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** The usual port, or a free one; `localhost` may mean either address, so both have to be free. */
async function choosePort(usual, taken) {
  if ((await canListen(usual, host)) && (await canListen(usual, '::1'))) return usual;
  for (;;) {
    const port = await findFreePort();
    if (!taken.has(port)) return port;
  }
}

async function choosePorts() {
  const ports = {};
  const taken = new Set();
  for (const [name, usual] of Object.entries({ vault: 4000, demo: 4600, emulator: 4700, idp: 4800 })) {
    ports[name] = await choosePort(usual, taken);
    taken.add(ports[name]);
  }
  return ports;
}

/** The demo's API key, made at the first start and kept. */
function readApiKey() {
  const file = join(dataDir, 'demo-api-key');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const key = mintApiKey('app');
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  return key;
}

/** The vault as one file (docs/configuration.md), for the ports of this start. Secrets come from the environment. */
function writeVaultFile({ demoUrl, emulatorUrl, idpUrl }) {
  const shaped = (id, scopes) => ({
    id,
    ...emulatedOverrides(id, emulatorUrl),
    client_id: `${id}-client`,
    client_secret: { env: `DEMO_${id.toUpperCase()}_SECRET` },
    scopes,
  });
  const config = {
    version: 1,
    apps: [
      {
        slug: 'demo',
        name: 'Demo',
        website_url: demoUrl,
        allowed_origins: [demoUrl],
        return_urls: [`${demoUrl}/connected`],
        api_keys: [{ name: 'backend', value: { file: 'demo-api-key' } }],
        providers: [
          {
            id: 'acme',
            name: 'Acme',
            issuer: emulatorUrl,
            authorization_endpoint: `${emulatorUrl}/authorize`,
            token_endpoint: `${emulatorUrl}/token`,
            revocation_endpoint: `${emulatorUrl}/revoke`,
            userinfo_endpoint: `${emulatorUrl}/me`,
            account: { id: '/sub', identifier: '/email', display_name: '/name' },
            token_endpoint_auth_method: 'client_secret_basic',
            pkce: 'S256',
            api_hosts: [new URL(emulatorUrl).host],
            client_id: 'acme-client',
            client_secret: { env: 'DEMO_ACME_SECRET' },
            scopes: ['openid', 'email', 'offline_access', 'messages.read', 'messages.write'],
          },
          shaped('google', ['openid', 'email', 'profile']),
          shaped('slack', ['chat:write', 'users:read']),
        ],
        identity_provider: {
          issuer: idpUrl,
          audience: 'demo-api',
          claims: { user_id: 'sub', email: 'email', groups: 'groups' },
        },
        policies: [
          {
            name: 'office network',
            target: { provider: 'acme' },
            rule: { kind: 'ip_allowlist', cidrs: ['127.0.0.0/8', '::1/128'] },
          },
        ],
      },
    ],
  };
  const file = join(dataDir, 'demo-vault.json');
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return file;
}

/** What the programs inherit: nothing that would lead them to another database or another vault. */
function makeBaseEnvironment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    const isOurs = /^(ALTER_|DEMO_|DATABASE_URL$|HOST$|PORT$)/.test(name);
    if (isOurs && name !== 'ALTER_VAULT_LOG_LEVEL') delete env[name];
  }
  return env;
}

const children = [];
let isStopping = false;

function endOf(child) {
  return child.exitCode === null && child.signalCode === null
    ? new Promise((done) => child.once('exit', done))
    : Promise.resolve();
}

async function stopAll(exitCode) {
  if (isStopping) return;
  isStopping = true;
  const timer = setTimeout(() => {
    for (const { child } of children) child.kill('SIGKILL');
  }, stopMs);
  // The vault may still have to reach the provider while it drains, and the demo the vault.
  for (const { child } of [...children].reverse()) {
    child.kill('SIGTERM');
    await endOf(child);
  }
  clearTimeout(timer);
  process.exit(exitCode);
}

/** Starts a program; resolves when it has printed its line `ready`. */
function startProgram(name, file, args, env) {
  const child = spawn(process.execPath, [join(root, file), ...args], {
    cwd: root,
    env: { ...makeBaseEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C in a terminal reaches the whole group; the programs are stopped from here, one after the other.
    detached: process.platform !== 'win32',
  });
  children.push({ name, child });
  return new Promise((done) => {
    let isReady = false;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (!isReady && /^ready\b/.test(line)) {
          isReady = true;
          done();
        } else {
          console.log(`${name} | ${line}`);
        }
      });
    }
    const fail = (what) => {
      if (isStopping) return;
      console.error(`\nThe ${name} ${what}${isReady ? '' : ' before it was ready'}. Stopping the rest.`);
      void stopAll(1);
    };
    child.once('error', (error) => fail(`could not be started (${error.code})`));
    child.once('exit', (code, signal) => fail(`ended with ${signal ?? `exit code ${code}`}`));
  });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (!isStopping) console.log(`\n${signal}: stopping.`);
    void stopAll(0);
  });
}

mkdirSync(dataDir, { recursive: true, mode: 0o700 });
const ports = await choosePorts();
// `localhost` and `127.0.0.1` are different sites: the demo and the vault meet as they would on the internet.
const urls = {
  vaultUrl: `http://localhost:${ports.vault}`,
  demoUrl: `http://${host}:${ports.demo}`,
  emulatorUrl: `http://${host}:${ports.emulator}`,
  idpUrl: `http://${host}:${ports.idp}`,
};
const apiKey = readApiKey();

await Promise.all([
  startProgram(
    'emulator',
    'packages/emulator/dist/main.js',
    [...['--host', host, '--port', String(ports.emulator), '--idp-port', String(ports.idp)]],
    {},
  ),
  startProgram('vault', 'apps/vault/dist/main.js', [], {
    HOST: host,
    PORT: String(ports.vault),
    ALTER_VAULT_PUBLIC_URL: urls.vaultUrl,
    ALTER_VAULT_ENV: 'development',
    ALTER_VAULT_DATA_DIR: dataDir,
    ALTER_VAULT_CONFIG_FILE: writeVaultFile(urls),
    ALTER_VAULT_LOG_LEVEL: process.env.ALTER_VAULT_LOG_LEVEL ?? 'warn',
    DEMO_ACME_SECRET: 'acme-secret',
    DEMO_GOOGLE_SECRET: 'google-secret',
    DEMO_SLACK_SECRET: 'slack-secret',
  }),
  startProgram('demo', 'apps/demo/dist/main.js', [], {
    HOST: host,
    PORT: String(ports.demo),
    DEMO_URL: urls.demoUrl,
    ALTER_BASE_URL: urls.vaultUrl,
    ALTER_API_KEY: apiKey,
    DEMO_IDP_ISSUER: urls.idpUrl,
    DEMO_EMULATOR_URL: urls.emulatorUrl,
    DEMO_ALTER_COMMAND: join(root, 'apps', 'vault', 'dist', 'cli', 'main.js'),
    ALTER_VAULT_DATA_DIR: dataDir,
  }),
]);

console.log(`
Alter Vault is ready.

  Demo       ${urls.demoUrl}   open this first; sign in as Alice or Bob
  Vault      ${urls.vaultUrl}   documentation: ${urls.vaultUrl}/docs
  Provider   ${urls.emulatorUrl}   the emulated providers
  Sign-in    ${urls.idpUrl}   the emulated identity provider

  The vault's data is in ${dataDir}. Ctrl-C stops everything and keeps it.
`);
