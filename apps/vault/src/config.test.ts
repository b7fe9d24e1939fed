import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, withPort } from './config.js';

function listProblems(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

describe('the environment', () => {
  it('has the documented defaults', () => {
    expect(loadConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      publicUrl: 'http://127.0.0.1:4000',
      environment: 'production',
      isDevelopment: false,
      dataDir: './data',
      databaseUrl: undefined,
      logLevel: 'info',
      walletUrl: 'http://127.0.0.1:4000/wallet',
    });
  });

  it.each([
    [{ PORT: 'x' }, 'PORT'],
    [{ PORT: '70000' }, 'PORT'],
    [{ ALTER_VAULT_ENV: 'test' }, 'ALTER_VAULT_ENV'],
    [{ ALTER_VAULT_SURPRISE: '1' }, 'ALTER_VAULT_SURPRISE'],
    [{ ALTER_VAULT_PUBLIC_URL: 'vault.example.com' }, 'ALTER_VAULT_PUBLIC_URL'],
    [{ ALTER_VAULT_PUBLIC_URL: 'https://vault.example.com/path' }, 'ALTER_VAULT_PUBLIC_URL'],
    [{ ALTER_VAULT_PUBLIC_URL: 'http://vault.example.com' }, 'ALTER_VAULT_PUBLIC_URL'],
    [{ HOST: '0.0.0.0' }, 'ALTER_VAULT_PUBLIC_URL'],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL'],
    [{ ALTER_VAULT_TRUSTED_PROXIES: '10.0.0.0/8,nonsense' }, 'ALTER_VAULT_TRUSTED_PROXIES'],
    [{ ALTER_VAULT_LOG_LEVEL: 'loud' }, 'ALTER_VAULT_LOG_LEVEL'],
    [{ ALTER_VAULT_ROOT_KEY: 'a', ALTER_VAULT_ROOT_KEY_FILE: 'b' }, 'ALTER_VAULT_ROOT_KEY_FILE'],
    [{ ALTER_VAULT_WALLET_URL: 'ftp://x' }, 'ALTER_VAULT_WALLET_URL'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://u:p@localhost:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_LOGS_EXPORTER: 'console' }, 'OTEL_LOGS_EXPORTER'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'no-value' }, 'OTEL_EXPORTER_OTLP_HEADERS'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=%0d%0ab' }, 'OTEL_EXPORTER_OTLP_HEADERS'],
  ])('refuses %o with one line', (environment, name) => {
    const problems = listProblems(environment as Record<string, string>);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name}: `));
  });

  it('K7: no message and no printed form holds a secret', () => {
    const secrets = {
      ALTER_VAULT_ROOT_KEY: 'root-secret',
      DATABASE_URL: 'postgres://u:database-secret@h/d',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.example.com',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=header-secret',
    };
    const config = loadConfig(secrets);
    expect(`${inspect(config)}${JSON.stringify(config)}`).not.toMatch(/(root|database|header)-secret/);
    const problems = listProblems({ ...secrets, DATABASE_URL: 'mysql://database-secret', PORT: 'x' });
    expect(problems.join()).not.toContain('secret');
  });

  it('A7: a collector is named by the standard variables of OpenTelemetry', () => {
    expect(loadConfig({}).otlp).toBeNull();
    const { otlp } = loadConfig({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20eDp5, x-tenant=a=b',
      OTEL_SERVICE_NAME: 'vault-eu',
    });
    expect([otlp?.endpoint, otlp?.serviceName]).toEqual(['http://collector:4318', 'vault-eu']);
    expect([otlp?.headers.authorization?.reveal(), otlp?.headers['x-tenant']?.reveal()]).toEqual([
      'Basic eDp5',
      'a=b',
    ]);
  });

  it('the public URL follows the port that was taken, unless it was given', () => {
    expect(withPort(loadConfig({ PORT: '0' }), 5123)).toMatchObject({
      publicUrl: 'http://127.0.0.1:5123',
      walletUrl: 'http://127.0.0.1:5123/wallet',
    });
    const given = loadConfig({ PORT: '0', ALTER_VAULT_PUBLIC_URL: 'https://vault.example.com/' });
    expect(withPort(given, 5123).publicUrl).toBe('https://vault.example.com');
  });
});
