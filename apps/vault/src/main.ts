#!/usr/bin/env node
import { ConfigError, configurationExitCode, environmentTable, loadConfig } from './config.js';
import { ConfigurationError } from './keys/configuration-error.js';
import { ListenError } from './listen.js';
import { createLogger } from './logger.js';
import { type RunningServer, runServer } from './run-server.js';
import { SettingsFileError } from './settings/file/settings-file-error.js';

/** A stop that takes longer than this ends anyway (F3: 20 s). */
const stopTimeoutMs = 19_000;

function printHelp(): void {
  const width = Math.max(...environmentTable.map(([name]) => name.length));
  const lines = environmentTable.map(
    ([name, fallback, meaning]) =>
      `  ${name.padEnd(width)}  ${meaning}${fallback ? ` (default: ${fallback})` : ''}`,
  );
  console.log(
    ['alter-vault: the server of the vault. Everything is set by the environment:', '', ...lines].join('\n'),
  );
}

/** Whether the start ended for a reason that the operator has to change. */
function isRefusedConfiguration(error: unknown): error is Error {
  return (
    error instanceof ConfigError ||
    error instanceof ConfigurationError ||
    error instanceof SettingsFileError ||
    error instanceof ListenError
  );
}

/** Class, code and message of the vault's own errors; of others only class and code, since messages may quote values. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const isOwn = ['server_already_running', 'data_is_newer', 'key_service_unavailable'].includes(code);
  return isOwn ? error.message : `the server could not start: ${error.name} ${code}`.trim();
}

function stopOnSignal(server: RunningServer): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      setTimeout(() => process.exit(1), stopTimeoutMs).unref();
      server.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
}

async function main(): Promise<number | undefined> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    printHelp();
    return 0;
  }
  try {
    const config = loadConfig();
    const log = createLogger(config.logLevel);
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error: unknown) => {
        const frames =
          error instanceof Error
            ? (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line))
            : [];
        log.fatal({ cause: error instanceof Error ? error.name : typeof error, at: frames }, event);
        process.exit(1);
      });
    }
    const server = await runServer(config, log);
    stopOnSignal(server);
    console.log(`ready ${server.publicUrl}`);
    return undefined;
  } catch (error) {
    if (isRefusedConfiguration(error)) {
      console.error(error.message);
      return configurationExitCode;
    }
    console.error(describeFailure(error));
    return 1;
  }
}

const exitCode = await main();
if (exitCode !== undefined) process.exit(exitCode);
