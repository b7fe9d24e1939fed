/** A complete response; redirects come as they are. */
export type EgressResponse = {
  status: number;
  headers: Headers;
  /** Decoded, at most `maxResponseBytes`. */
  body: Uint8Array;
  /** The body as UTF-8. */
  text(): string;
  /** The body as JSON; throws SyntaxError without quoting the body. */
  json(): unknown;
};

/** Wraps what came back. */
export function createEgressResponse(
  status: number,
  rawHeaders: Readonly<Record<string, string | string[] | undefined>>,
  body: Uint8Array,
): EgressResponse {
  const text = () => new TextDecoder().decode(body);
  return {
    status,
    headers: readHeaders(rawHeaders),
    body,
    text,
    json() {
      try {
        return JSON.parse(text()) as unknown;
      } catch {
        // The engine's own message quotes the text, which may hold a token.
        throw new SyntaxError('the response body is not JSON');
      }
    },
  };
}

function readHeaders(raw: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const item of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
      try {
        headers.append(name, item);
      } catch {
        // A field that is no legal header tells the caller nothing it could rely on.
      }
    }
  }
  // The body is already decoded.
  headers.delete('content-encoding');
  headers.delete('content-length');
  headers.delete('transfer-encoding');
  return headers;
}
