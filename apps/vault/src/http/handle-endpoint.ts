import { streamContentType } from '@alter-ai/core-contract';
import type { VaultDeps } from '../deps.js';
import { observeRoute } from '../telemetry/observe.js';
import { ApiError } from './api-error.js';
import type { BodyBudget, BodyShare } from './body/body-budget.js';
import { parseJsonBody } from './body/parse-json.js';
import { bodyBytesMaxDefault, readBody } from './body/read-body.js';
import { readFirstLine } from './body/read-first-line.js';
import { prepareBodyValidator } from './body/validate-body.js';
import { type OpenRequest, openRequest } from './create-context.js';
import { type RequestHead, readHonoHead } from './intake/request-head.js';
import { buildRateLimitHeaders, createRateLimitError, type RateLimiter } from './limits/rate-limit.js';
import { recordRefusal, type SeenRequest } from './record-refusal.js';
import type { HonoContext, KeyCaller } from './request-context.js';
import {
  type Answer,
  buildErrorAnswer,
  buildJsonAnswer,
  buildStreamedAnswer,
  StreamedAnswer,
  toHonoResponse,
} from './respond.js';
import type { EndpointRegistration, PageRegistration } from './route.js';
import { authenticateKey, requireSignedBody } from './signed/authenticate-key.js';
import { registerCaller } from './signed/caller-identity.js';
import type { KeyFinder } from './signed/key-finder.js';
import { requireScope } from './signed/key-scopes.js';

/** What all endpoints of one server use together. */
export interface ServerParts {
  readonly deps: VaultDeps;
  readonly keyFinder: KeyFinder;
  readonly limiter: RateLimiter;
  readonly bodyBudget: BodyBudget;
  readonly readSourceAddress: (head: RequestHead) => string;
}

/** Tests and demos call from one address for many. */
const developmentFactor = 5;

/** Answers one request; never rejects. */
export type Answering = (request: OpenRequest) => Promise<Answer>;

/** Prepares one endpoint: everything general happens here, in this order, before its own work. */
export function prepareAnswering(parts: ServerParts, registration: EndpointRegistration): Answering {
  const { deps } = parts;
  const { endpoint, options, handle } = registration;
  const validate = prepareBodyValidator(endpoint);
  const isSigned = endpoint.access === 'key';
  const isStreamed = options.isStreamed === true;
  const requireType = isStreamed ? requireStreamType : requireJsonType;
  const bodyLimits = {
    bytesMax: options.bodyBytesMax ?? bodyBytesMaxDefault[isSigned ? 'signed' : 'unsigned'],
    timeMaxMs: deps.timeLimits.bodyMs,
  };
  const readSigned = isStreamed ? readFirstLine : readBody;
  const isLogged = deps.log.isLevelEnabled('debug');
  const perMinuteMax = scaleLimit(deps, options.perMinuteMax);

  const answer = async (request: OpenRequest, seen: SeenRequest, share: BodyShare): Promise<unknown> => {
    if (options.prepare) await options.prepare(request);
    if (!isSigned && perMinuteMax !== undefined) {
      limit(parts, request, `${endpoint.name} ${request.sourceAddress}`, perMinuteMax, 'ip');
    }
    let contentSha256: string | undefined;
    if (isSigned) {
      // Before the body: the signature covers its digest, so nobody without a key is listened to for long.
      const { head, sourceAddress } = request;
      const signed = await authenticateKey(deps, parts.keyFinder, { head, sourceAddress, seen });
      contentSha256 = signed.contentSha256;
      setCaller(request, signed.caller);
      if (perMinuteMax !== undefined) {
        const name = `${endpoint.name} ${signed.caller.apiKeyId} ${request.sourceAddress}`;
        limit(parts, request, name, perMinuteMax, 'api_key');
      }
      requireScope(signed.caller.scopes, endpoint.scope);
    }
    const bytes = await readSigned(request.head, { ...bodyLimits, share });
    if (contentSha256 !== undefined) requireSignedBody(bytes, contentSha256);
    let parsed: unknown;
    if (bytes.length > 0) {
      requireType(request);
      parsed = parseJsonBody(bytes, options.exactField);
    }
    const body = validate(parsed);
    if (isSigned && request.caller.caller !== undefined && request.caller.actorId === undefined) {
      setCaller(request, await registerCaller(deps, request.caller));
    }
    if (isSigned && options.claimsNonceItself !== true) {
      if (!(await deps.audit.claimNonce(request.caller.nonceClaim))) throw new ApiError('nonce_reused');
    }
    seen.isHandled = true;
    return handle(request, body);
  };

  const answerAll = async (request: OpenRequest): Promise<Answer> => {
    const seen: SeenRequest = {};
    const share = parts.bodyBudget.open();
    let sent: Answer;
    try {
      const result = await answer(request, seen, share);
      sent =
        result instanceof StreamedAnswer
          ? buildStreamedAnswer(request, result)
          : buildJsonAnswer(request, endpoint.successStatus, result);
    } catch (thrown) {
      const refusal = await recordRefusal(parts, request, seen, registration, thrown);
      sent = buildErrorAnswer(deps, request, refusal);
    } finally {
      share.release();
    }
    if (isLogged) {
      const { requestId } = request;
      deps.log.debug({ requestId, endpoint: endpoint.name, status: sent.status }, 'request');
    }
    return sent;
  };
  const { method, path } = endpoint;
  const readTrace = (request: OpenRequest) => request.header('traceparent');
  return observeRoute(deps.telemetry, { method, route: path, isSigned }, readTrace, answerAll);
}

/** Prepares the handler of one endpoint for Hono. */
export function prepareEndpoint(
  parts: ServerParts,
  registration: EndpointRegistration,
): (raw: HonoContext) => Promise<Response> {
  const answer = prepareAnswering(parts, registration);
  return async (raw) => toHonoResponse(raw, await answer(openHonoRequest(parts, raw)));
}

/** Begins a request that came through Hono. */
export function openHonoRequest(parts: ServerParts, raw: HonoContext): OpenRequest {
  const head = readHonoHead(raw);
  return openRequest(parts.deps, head, parts.readSourceAddress(head), raw);
}

/** Prepares the handler of a page or file. */
export function preparePage(
  parts: ServerParts,
  registration: PageRegistration,
): (context: HonoContext) => Promise<Response> {
  const answer = async (raw: HonoContext): Promise<Response> => {
    const request = openHonoRequest(parts, raw);
    try {
      const response = await registration.handle(request);
      response.headers.set('X-Request-ID', request.requestId);
      response.headers.set('X-Content-Type-Options', 'nosniff');
      return response;
    } catch (thrown) {
      return toHonoResponse(raw, buildErrorAnswer(parts.deps, request, thrown));
    }
  };
  const { method, path } = registration;
  const route = { method, route: path, isSigned: false };
  return observeRoute(parts.deps.telemetry, route, () => undefined, answer);
}

function setCaller(request: OpenRequest, caller: KeyCaller): void {
  request.setCaller(caller);
  if (caller.actorId !== undefined && caller.caller !== undefined) {
    request.setHeader('X-Alter-Actor-ID', caller.actorId);
  }
}

function scaleLimit(deps: VaultDeps, perMinuteMax: number | undefined): number | undefined {
  if (perMinuteMax === undefined) return undefined;
  return deps.config.isDevelopment ? perMinuteMax * developmentFactor : perMinuteMax;
}

function limit(
  parts: ServerParts,
  request: OpenRequest,
  name: string,
  perMinuteMax: number,
  scope: 'ip' | 'api_key',
): void {
  const verdict = parts.limiter.count(name, perMinuteMax);
  for (const [header, value] of Object.entries(buildRateLimitHeaders(verdict)))
    request.setHeader(header, value);
  if (!verdict.isAllowed) throw createRateLimitError(verdict, scope, parts.deps.clock());
}

function requireStreamType(request: OpenRequest): void {
  if (request.header('content-type') === streamContentType) return;
  throw new ApiError('unsupported_media_type', { message: `The body must be ${streamContentType}.` });
}

function requireJsonType(request: OpenRequest): void {
  const type = request.header('content-type') ?? '';
  const encoding = request.header('content-encoding');
  const isJson =
    type === 'application/json' || /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type);
  if (!isJson || (encoding !== undefined && encoding !== 'identity'))
    throw new ApiError('unsupported_media_type');
}
