/** The environment of the demo, read once. */
export interface DemoConfig {
  readonly host: string;
  readonly port: number;
  /** Origin under which browsers see the demo. */
  readonly url: string;
  readonly vault: { readonly baseUrl: string; readonly apiKey: string };
  readonly idp: { readonly issuer: string; readonly clientId: string; readonly clientSecret: string };
  /** Address of the emulated providers. */
  readonly emulatorUrl: string;
  /** How the demo, as the operator of this machine, runs the `alter` command; absent: no records, no rule. */
  readonly operator: { readonly command: string; readonly dataDir: string } | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the process's environment, or a given one. Throws an Error that names what is missing, never a value. */
export function loadConfig(environment: Environment = process.env): DemoConfig {
  const read = (name: string, fallback?: string): string => {
    const value = environment[name]?.trim() || fallback;
    if (value === undefined)
      throw new Error(`${name} is not set; \`npm start\` sets everything the demo needs`);
    return value;
  };
  const host = read('HOST', '127.0.0.1');
  const port = Number(read('PORT', '4600'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error('PORT is not a port number');
  const command = environment.DEMO_ALTER_COMMAND?.trim();
  return {
    host,
    port,
    url: new URL(read('DEMO_URL', `http://${host}:${port}`)).origin,
    vault: { baseUrl: new URL(read('ALTER_BASE_URL')).origin, apiKey: read('ALTER_API_KEY') },
    idp: {
      issuer: read('DEMO_IDP_ISSUER', 'http://127.0.0.1:4800'),
      clientId: read('DEMO_IDP_CLIENT_ID', 'demo'),
      clientSecret: read('DEMO_IDP_CLIENT_SECRET', 'demo-secret'),
    },
    emulatorUrl: new URL(read('DEMO_EMULATOR_URL', 'http://127.0.0.1:4700')).origin,
    operator: command ? { command, dataDir: read('ALTER_VAULT_DATA_DIR') } : undefined,
  };
}
