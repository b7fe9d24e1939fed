import { z } from 'zod';
import { documentationPath, type ErrorCode, errorBodySchema, errorTable } from '../errors.js';
import { type Endpoint, generalErrors, keyErrors } from './endpoint.js';
import { pageEndpoints, serverEndpoints } from './page-endpoints.js';
import { sdkEndpoints, streamContentType, streamEndpoints } from './sdk-endpoints.js';

/** Every endpoint of the server. */
export const endpoints = { ...sdkEndpoints, ...pageEndpoints, ...serverEndpoints } as const;

/** All codes that an endpoint can answer. */
export function listEndpointErrors(endpoint: Endpoint): ErrorCode[] {
  if (endpoint.access === 'public') return ['internal_error', 'service_unavailable'];
  return [
    ...new Set<ErrorCode>([
      ...generalErrors,
      ...(endpoint.access === 'key' ? keyErrors : []),
      ...endpoint.errors,
    ]),
  ];
}

type Json = Record<string, unknown>;

const toSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    target: 'draft-2020-12',
  });
  return rest;
};

function describeErrors(codes: readonly ErrorCode[], publicUrl: string): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = errorTable[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const answers: Json = {};
  for (const [status, list] of byStatus) {
    const lines = list.map(
      (code) => `- [\`${code}\`](${publicUrl}${documentationPath(code)}): ${errorTable[code].message}`,
    );
    answers[String(status)] = {
      description: lines.join('\n'),
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    };
  }
  return answers;
}

function describeEndpoint(endpoint: Endpoint, publicUrl: string, contentType: string): Json {
  const pathParameters = [...endpoint.path.matchAll(/\{([a-z_]+)\}/g)].map((match) => ({
    name: match[1],
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const success: Json = { description: 'Success' };
  if (endpoint.response)
    success.content = { [contentType]: { schema: toSchema(endpoint.response, 'output') } };
  return {
    operationId: endpoint.name,
    summary: endpoint.summary,
    ...(endpoint.scope ? { 'x-alter-scope': endpoint.scope } : {}),
    ...(endpoint.notSupportedYet.length > 0 ? { 'x-alter-not-supported-yet': endpoint.notSupportedYet } : {}),
    security:
      endpoint.access === 'key'
        ? [
            { apiKey: [], signature: [] },
            { keyId: [], signature: [] },
          ]
        : [],
    ...(pathParameters.length > 0 ? { parameters: pathParameters } : {}),
    ...(endpoint.request
      ? {
          requestBody: {
            required: true,
            content: { [contentType]: { schema: toSchema(endpoint.request, 'input') } },
          },
        }
      : {}),
    responses: {
      [String(endpoint.successStatus)]: success,
      ...describeErrors(listEndpointErrors(endpoint), publicUrl),
    },
  };
}

const header = (name: string, description: string): Json => ({
  type: 'apiKey',
  in: 'header',
  name,
  description,
});

/** The OpenAPI 3.1 document of the server at `publicUrl`. */
export function buildOpenApiDocument(publicUrl: string): Json {
  const paths: Record<string, Json> = {};
  const add = (endpoint: Endpoint, contentType: string) => {
    paths[endpoint.path] = {
      ...paths[endpoint.path],
      [endpoint.method.toLowerCase()]: describeEndpoint(endpoint, publicUrl, contentType),
    };
  };
  for (const endpoint of Object.values<Endpoint>(endpoints)) add(endpoint, 'application/json');
  // Their schemas are those of the first line.
  for (const endpoint of Object.values<Endpoint>(streamEndpoints)) add(endpoint, streamContentType);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Alter Vault',
      version: '0.1.0',
      description: "A self-hosted vault for other people's credentials.",
    },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas: { Error: toSchema(errorBodySchema, 'output') },
      securitySchemes: {
        apiKey: header('x-api-key', 'The API key itself.'),
        keyId: header('X-Alter-Key-Id', 'The id of an API key that is not sent; the signature proves it.'),
        signature: header(
          'X-Alter-Signature',
          'HMAC-SHA256 over method, path, timestamp, nonce, body hash and identity headers; see docs/api/signing.',
        ),
      },
    },
  };
}
