import { isReservedCallHeader } from '@alter-ai/core-contract';
import type { RequestOptions } from '../calls/request-options.js';
import { buildTargetUrl, type QueryValue } from '../calls/target-url.js';
import { AlterValueError } from '../errors/alter-sdk-error.js';
import { readTraceparent } from '../transport/trace-context.js';

/** The fields of a proxied call that do not hang on how its body travels (wire/3 section 1.1). */
export function describeCall(
  method: string,
  url: string,
  options: RequestOptions,
  userToken: string | undefined,
): {
  method: string;
  url: string;
  grant_id?: string;
  provider_id?: string;
  account?: string;
  label?: string;
  user_token?: string;
  headers?: Record<string, string>;
  query_params?: Record<string, WireValue | WireValue[]>;
  reason?: string;
} {
  const { grantId, provider, account, label, queryParams, reason } = options;
  const headers = readHeaders(options);
  return {
    method,
    url: buildTargetUrl(url, options.pathParams).href,
    ...(grantId !== undefined && { grant_id: grantId }),
    ...(provider !== undefined && { provider_id: provider }),
    ...(account !== undefined && { account }),
    ...(label !== undefined && { label }),
    ...(userToken !== undefined && { user_token: userToken }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(queryParams !== undefined && { query_params: readQuery(queryParams) }),
    ...(reason !== undefined && { reason }),
  };
}

type WireValue = string | number | boolean;

function readHeaders({ extraHeaders, propagateTrace }: RequestOptions): Record<string, string> {
  const traceparent = propagateTrace === true ? readTraceparent() : undefined;
  const headers: Record<string, string> = { ...(traceparent !== undefined && { traceparent }) };
  for (const [name, value] of Object.entries(extraHeaders ?? {})) {
    if (isReservedCallHeader(name)) throw new AlterValueError(`header ${name.toLowerCase()} cannot be set`);
    headers[name] = value;
  }
  return headers;
}

/** As in `request`: what is undefined or null is left out. */
function readQuery(
  params: Readonly<Record<string, QueryValue | readonly QueryValue[]>>,
): Record<string, WireValue | WireValue[]> {
  const isGiven = (value: QueryValue): value is WireValue => value !== undefined && value !== null;
  const entries = Object.entries(params).flatMap(([name, value]): [string, WireValue | WireValue[]][] => {
    if (Array.isArray(value)) return [[name, (value as QueryValue[]).filter(isGiven)]];
    return isGiven(value as QueryValue) ? [[name, value as WireValue]] : [];
  });
  return Object.fromEntries(entries);
}
