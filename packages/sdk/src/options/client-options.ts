import type { KeyObject } from 'node:crypto';
import { deriveKeyId, deriveSigningKeyObject, isApiKeyFormat, SecretValue } from '@alter-ai/core-crypto';
import { readEnvironment } from '../environment.js';
import { AlterValueError } from '../errors/alter-sdk-error.js';
import { readDurationMs } from './duration.js';
import { type EitherSpelling, type OptionNames, readOptions } from './option-names.js';

const callerPattern = /^[\x20-\x7e]{1,255}$/;
const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
const timeoutMsDefault = 30_000;

/** Where the SDK reports what no caller waits for: a deprecated key, an outcome that could not be recorded. */
export interface AlterLogger {
  warn(message: string): void;
}

/** Gives the signed-in user's token (JWT) for one call. */
export type UserTokenGetter = () => string | Promise<string>;

/** Options of `App`. */
export interface AppOptions {
  /** The app's API key; `ALTER_API_KEY` where absent. */
  readonly apiKey?: string | undefined;
  /** The vault's address; `ALTER_BASE_URL` where absent. https, or http on loopback. */
  readonly baseUrl?: string | undefined;
  /** Seconds that one exchange with the vault, and one with the provider, may take; 30 by default. */
  readonly timeout?: number | undefined;
  /** The same in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Who makes the calls, as it stands in the audit log: 1 to 255 printable ASCII characters. */
  readonly caller?: string | undefined;
  /** What the caller is; `service` by default. */
  readonly callerType?: 'agent' | 'service' | undefined;
  /** Asked before each call that may concern a user. */
  readonly userTokenGetter?: UserTokenGetter | undefined;
  /** Receives warnings; without one they go to Node's process warnings. */
  readonly logger?: AlterLogger | undefined;
  /** Sends the key itself beside the signature, for servers that do not know `X-Alter-Key-Id`; off by default (T1). */
  readonly sendKey?: boolean | undefined;
}

/** The options, checked once; holds the signing key and never the API key, unless it has to be sent. */
export interface ClientSettings {
  readonly baseUrl: string;
  readonly signingKey: KeyObject;
  readonly keyId: string;
  readonly apiKey: SecretValue | undefined;
  readonly timeoutMs: number;
  readonly caller: string | undefined;
  readonly callerType: 'agent' | 'service';
  readonly userTokenGetter: UserTokenGetter | undefined;
  readonly logger: AlterLogger;
}

const optionNames: OptionNames<AppOptions> = {
  apiKey: true,
  baseUrl: true,
  timeout: true,
  timeoutMs: true,
  caller: true,
  callerType: true,
  userTokenGetter: true,
  logger: true,
  sendKey: true,
};

const processLogger: AlterLogger = { warn: (message) => process.emitWarning(message, 'AlterWarning') };

/**
 * Checks the options of `App` (wire/1 §1, §2, §8.1).
 * @throws {AlterValueError} no traffic; the message never holds the key.
 */
export function readClientOptions(given: EitherSpelling<AppOptions>): ClientSettings {
  const options = readOptions<AppOptions>(given, optionNames);
  const environment = readEnvironment();
  const apiKey = options.apiKey ?? environment.apiKey;
  if (apiKey === undefined) throw new AlterValueError('apiKey or ALTER_API_KEY is needed');
  if (typeof apiKey !== 'string' || !isApiKeyFormat(apiKey)) {
    throw new AlterValueError('apiKey is not an API key: check its prefix, length and checksum');
  }
  const baseUrl = options.baseUrl ?? environment.baseUrl;
  if (baseUrl === undefined) throw new AlterValueError('baseUrl or ALTER_BASE_URL is needed');
  const callerType = options.callerType ?? 'service';
  if (callerType !== 'service' && callerType !== 'agent') {
    throw new AlterValueError('callerType must be "service" or "agent"');
  }
  if (options.userTokenGetter !== undefined && typeof options.userTokenGetter !== 'function') {
    throw new AlterValueError('userTokenGetter must be a function');
  }
  if (options.logger !== undefined && typeof options.logger?.warn !== 'function') {
    throw new AlterValueError('logger must have a method warn');
  }
  return Object.freeze({
    baseUrl: checkBaseUrl(baseUrl, options.logger),
    signingKey: deriveSigningKeyObject(apiKey),
    keyId: deriveKeyId(apiKey),
    apiKey: options.sendKey === true ? SecretValue.of(apiKey) : undefined,
    timeoutMs: readDurationMs('timeout', options.timeout, options.timeoutMs, timeoutMsDefault),
    caller: options.caller === undefined ? undefined : checkCaller(options.caller),
    callerType,
    userTokenGetter: options.userTokenGetter,
    logger: options.logger ?? processLogger,
  });
}

/** Checks a caller's name. */
export function checkCaller(caller: string): string {
  if (typeof caller !== 'string' || !callerPattern.test(caller)) {
    throw new AlterValueError('caller must be 1 to 255 printable ASCII characters');
  }
  return caller;
}

/** Whether a URL's host is this machine, the only one that may be called over http. */
export function isLoopbackHost(hostname: string): boolean {
  return loopbackHosts.has(hostname.toLowerCase());
}

function checkBaseUrl(text: string, logger: AlterLogger | undefined): string {
  if (typeof text !== 'string' || !URL.canParse(text)) throw new AlterValueError('baseUrl is not a URL');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') throw new AlterValueError('baseUrl must not hold a user');
  if (text.includes('?') || text.includes('#')) {
    throw new AlterValueError('baseUrl must not have a query or fragment');
  }
  const isPlain = url.protocol === 'http:';
  if (!isPlain && url.protocol !== 'https:') throw new AlterValueError('baseUrl must be https');
  if (isPlain && !isLoopbackHost(url.hostname)) {
    throw new AlterValueError('baseUrl may be http only on localhost, 127.0.0.1 or ::1');
  }
  // Only a logger the developer asked for: every development setup would otherwise start with a warning.
  if (isPlain) logger?.warn('alter-sdk: the vault is called over http; use https outside development');
  return url.href.replace(/\/+$/, '');
}
