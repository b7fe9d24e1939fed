import pino, { type Logger } from 'pino';
import type { LogLevel } from './config.js';

/**
 * The server's log: JSON lines of codes and ids. Nothing that came from outside is logged, so there is nothing to redact; the
 * names below are a second net, should somebody ever log a whole object (K7).
 */
export function createLogger(level: LogLevel): Logger {
  return pino({
    level,
    base: null,
    redact: {
      paths: secretFields.flatMap((name) => [name, `*.${name}`]),
      censor: '[redacted]',
    },
  });
}

const secretFields = [
  'access_token',
  'refresh_token',
  'id_token',
  'client_secret',
  'code_verifier',
  'state',
  'user_token',
  'session_token',
  'apiKey',
  'password',
  'authorization',
  'cookie',
];
