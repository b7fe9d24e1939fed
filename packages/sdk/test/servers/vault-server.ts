import type { ServerResponse } from 'node:http';
import { type Endpoint, sdkEndpoints } from '@alter-ai/core-contract';
import {
  deriveKeyId,
  deriveSigningKey,
  mintApiKey,
  type SigningParts,
  sha256Hex,
  verifySignature,
} from '@alter-ai/core-crypto';
import { type Arrived, type RecordingServer, sendJson, startRecordingServer } from './recording-server.js';

export const apiKey = mintApiKey('app');
export const grantId = '0190a000-0000-7000-8000-000000000001';
export const tokenGeneration = '0190a000-0000-7000-8000-0000000000aa';
export const actorId = '0190a000-0000-7000-8000-0000000000bb';
/** The credential that must never be seen outside a provider request. */
export const secretToken = 'tok_S3CRET+mark/value==';

type EndpointName = keyof typeof sdkEndpoints;
type Answer = (arrived: Arrived, response: ServerResponse, count: number) => unknown;

/** A small vault: verifies every signature and body, records, and answers what the test says. */
export interface VaultServer extends RecordingServer {
  /** Bodies that arrived at one endpoint, in order. */
  bodies(name: EndpointName): Record<string, unknown>[];
  /** Requests that arrived at one endpoint, in order. */
  at(name: EndpointName): Arrived[];
  /** Sets what one endpoint answers; `count` starts at 1. */
  answer(name: EndpointName, answer: Answer): void;
  /** Sets what one endpoint answers, once per status in turn and the last one ever after. */
  answerJson(name: EndpointName, ...answers: [number, unknown, Record<string, string>?][]): void;
  /** Faults found in what arrived: a wrong signature, or a body that does not fit its schema. */
  readonly faults: string[];
}

/** Answer of `/sdk/token` with the fields of our own server. */
export function tokenAnswer(allowedHosts: readonly string[], more: object = {}): object {
  return {
    access_token: secretToken,
    grant_id: grantId,
    token_type: 'Bearer',
    expires_in: 3600,
    expires_at: '2027-01-01T00:00:00Z',
    scopes: ['read'],
    provider_id: 'acme',
    scope_mismatch: false,
    token_generation: tokenGeneration,
    injection_header: 'Authorization',
    injection_format: 'Bearer {token}',
    allowed_hosts: allowedHosts,
    ...more,
  };
}

export async function startVaultServer(): Promise<VaultServer> {
  const answers = new Map<EndpointName, Answer>();
  const counts = new Map<EndpointName, number>();
  const faults: string[] = [];
  const server = await startRecordingServer(async (arrived, response) => {
    const name = findEndpoint(arrived);
    faults.push(...findFaults(arrived, name));
    const answer = name === undefined ? undefined : answers.get(name);
    if (name === undefined || answer === undefined) {
      sendJson(response, 404, { error: 'not_found', message: 'There is nothing at this address.' });
      return;
    }
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    await answer(arrived, response, count);
  });
  const at = (name: EndpointName) => server.arrived.filter((each) => findEndpoint(each) === name);
  const answer = (name: EndpointName, given: Answer) => {
    counts.set(name, 0);
    answers.set(name, given);
  };
  answer('recordApiCall', (_, response) => sendJson(response, 200, { recorded: true }));
  answer('reportScopeMismatch', (_, response) => response.writeHead(204).end());
  return {
    ...server,
    faults,
    at,
    bodies: (name) => at(name).map((each) => JSON.parse(each.body) as Record<string, unknown>),
    answer,
    answerJson: (name, ...list) =>
      answer(name, (_, response, count) => {
        const [status, body, headers] = list[Math.min(count, list.length) - 1] ?? [500, {}];
        sendJson(response, status, body, headers);
      }),
  };
}

function findEndpoint(arrived: Arrived): EndpointName | undefined {
  const path = arrived.target.split('?')[0] ?? '';
  const names = Object.keys(sdkEndpoints) as EndpointName[];
  return names.find((name) => {
    const endpoint = sdkEndpoints[name];
    const pattern = new RegExp(`^${endpoint.path.replace(/\{[a-z_]+\}/g, '[^/]+')}$`);
    return endpoint.method === arrived.method && pattern.test(path);
  });
}

function findFaults(arrived: Arrived, name: EndpointName | undefined): string[] {
  const { headers, body } = arrived;
  const read = (header: string) => headers[header] as string | undefined;
  const isKnownKey = read('x-api-key') === apiKey || read('x-alter-key-id') === deriveKeyId(apiKey);
  const bodySha256 = sha256Hex(body);
  const parts: SigningParts = {
    method: arrived.method,
    target: arrived.target,
    timestamp: read('x-alter-timestamp') ?? '',
    nonce: read('x-alter-nonce') ?? '',
    bodySha256,
    caller: read('x-alter-caller'),
    callerType: read('x-alter-caller-type'),
    actorId: read('x-alter-actor-id'),
    context: read('x-alter-context'),
  };
  const isSigned = verifySignature(deriveSigningKey(apiKey), parts, read('x-alter-signature') ?? '');
  const endpoint: Endpoint | undefined = name === undefined ? undefined : sdkEndpoints[name];
  const checked = endpoint?.request?.safeParse(body === '' ? undefined : JSON.parse(body));
  return [
    ...(isKnownKey ? [] : ['unknown key']),
    ...(isSigned && read('x-alter-content-sha256') === bodySha256
      ? []
      : [`bad signature at ${arrived.target}`]),
    ...(checked?.success === false ? [`${name}: ${checked.error.message}`] : []),
  ];
}
