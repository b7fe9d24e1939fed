import type { ProxyResponse } from '@alter-ai/core-contract';

/** The fields that every server answers, and those that ours does. */
type ProxyAnswer = Pick<ProxyResponse, 'status_code' | 'body_b64'> & {
  readonly [Name in keyof ProxyResponse]?: ProxyResponse[Name] | undefined;
};

/** What a provider answered to a call that the vault made; an error status of the provider's is an answer like any other. */
export class ProxyResult {
  readonly statusCode: number;
  /** By lower-case name; several of one name are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body was longer than the vault gives back in one piece; use `proxyStream` for it. */
  readonly bodyTruncated: boolean;
  /** Time of the provider call. */
  readonly durationMs: number | undefined;
  /** Why the provider may have refused the credential, where the vault knows. */
  readonly credentialHint: string | undefined;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(answer: ProxyAnswer) {
    this.statusCode = answer.status_code;
    this.headers = Object.freeze({ ...answer.headers });
    this.bodyTruncated = answer.body_truncated ?? false;
    this.durationMs = answer.duration_ms ?? undefined;
    this.credentialHint = answer.credential_hint;
    this.#bytes = new Uint8Array(Buffer.from(answer.body_b64, 'base64'));
  }

  /** Whether the provider answered with a status from 200 to 299. */
  get ok(): boolean {
    return this.statusCode >= 200 && this.statusCode <= 299;
  }

  /** The body as it came. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** The body as UTF-8. */
  text(): string {
    return new TextDecoder().decode(this.#bytes);
  }

  /** The body as JSON. @throws SyntaxError it is none */
  json(): unknown {
    return JSON.parse(this.text()) as unknown;
  }
}
