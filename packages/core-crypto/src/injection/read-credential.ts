import { SecretValue } from '../secret-value.js';
import { type InjectableCredential, InjectionError, type Placement } from './injectable.js';

/** What a released credential says of its use (wire/1 section 5.3); absent fields have the protocol's defaults. */
export interface CredentialAnswer {
  readonly access_token: string;
  readonly injection_header?: string | undefined;
  readonly injection_format?: string | undefined;
  /** False: the header is for clients that know no other place; the additional injections say where it belongs. */
  readonly is_header_needed?: boolean | undefined;
  readonly additional_credentials?: Readonly<Record<string, string>> | undefined;
  readonly additional_injections?:
    | readonly {
        readonly target: 'header' | 'query_param';
        readonly key: string;
        readonly value_source: string;
      }[]
    | undefined;
}

const awsScheme = 'AWS4-HMAC-SHA256';
const headerNamePattern = /^[A-Za-z][A-Za-z0-9-]*$/;
const queryNamePattern = /^[A-Za-z][A-Za-z0-9_-]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: CR, LF and NUL are what must not get through.
const headerValuePattern = /^[^\u0000\r\n\u0100-\uffff]*$/;

/** Whether text may stand in a header: Latin-1 without CR, LF and NUL. */
export function isHeaderValue(value: string): boolean {
  return headerValuePattern.test(value);
}

/**
 * Reads what `POST /sdk/token` answers into a credential that can be put into a request.
 * @param forbiddenHeaders lower-case names that nobody may inject
 * @throws InjectionError it cannot be put into any request safely
 */
export function readInjectableCredential(
  answer: CredentialAnswer,
  forbiddenHeaders: ReadonlySet<string>,
): InjectableCredential {
  const format = answer.injection_format ?? 'Bearer {token}';
  if (format.startsWith(awsScheme)) return readAwsCredential(answer);
  if (!format.includes('{token}')) throw new InjectionError('injection_format');
  const main: Placement = {
    target: 'header',
    name: answer.injection_header ?? 'Authorization',
    // A function, because `$` in a token would otherwise be read as a replacement pattern.
    value: SecretValue.of(format.replace('{token}', () => answer.access_token)),
  };
  const additional = (answer.additional_injections ?? []).flatMap((rule): Placement[] => {
    const value = findValue(answer, rule.value_source);
    return value === undefined ? [] : [{ target: rule.target, name: rule.key, value: SecretValue.of(value) }];
  });
  const isMainLeftOut = answer.is_header_needed === false && additional.length > 0;
  const placements = isMainLeftOut ? additional : [main, ...additional];
  for (const placement of placements) checkPlacement(placement, forbiddenHeaders);
  return { kind: 'placed', placements };
}

/** Every secret text of an answer, as it travels, to be found in what comes back. */
export function listSecretTexts(answer: CredentialAnswer): SecretValue[] {
  const isAws = answer.injection_format?.startsWith(awsScheme) === true;
  const additional = Object.entries(answer.additional_credentials ?? {})
    .filter(([name]) => !isAws || (name !== 'region' && name !== 'service'))
    .map(([, text]) => text);
  return [answer.access_token, ...additional].map((text) => SecretValue.of(text));
}

function readAwsCredential({
  access_token: accessKeyId,
  additional_credentials: parts = {},
}: CredentialAnswer): InjectableCredential {
  const read = (name: string) => (Object.hasOwn(parts, name) ? parts[name] : undefined);
  const secretKey = read('secret_key');
  if (secretKey === undefined) throw new InjectionError('additional_credentials.secret_key');
  const sessionToken = read('session_token');
  // What names the key stands in a header as it is.
  if (!/^[\w+=/.-]+$/.test(accessKeyId)) throw new InjectionError('access_token');
  if (sessionToken !== undefined && !isHeaderValue(sessionToken)) {
    throw new InjectionError('additional_credentials.session_token');
  }
  return {
    kind: 'aws_sigv4',
    accessKeyId,
    secretAccessKey: SecretValue.of(secretKey),
    sessionToken: sessionToken === undefined ? undefined : SecretValue.of(sessionToken),
    region: read('region'),
    service: read('service'),
  };
}

function findValue(answer: CredentialAnswer, source: string): string | undefined {
  if (source === 'token') return answer.access_token;
  const prefix = 'additional_credentials.';
  if (!source.startsWith(prefix)) return undefined;
  const name = source.slice(prefix.length);
  const credentials = answer.additional_credentials ?? {};
  return Object.hasOwn(credentials, name) ? credentials[name] : undefined;
}

function checkPlacement({ target, name, value }: Placement, forbiddenHeaders: ReadonlySet<string>): void {
  const isHeader = target === 'header';
  const isSound = isHeader
    ? headerNamePattern.test(name) &&
      !forbiddenHeaders.has(name.toLowerCase()) &&
      isHeaderValue(value.reveal())
    : queryNamePattern.test(name);
  if (!isSound) throw new InjectionError(isHeader ? 'injection header' : 'injection query parameter');
}
