import type { SecretValue } from '../secret-value.js';

/** One place in a request where something of the credential goes. */
export interface Placement {
  readonly target: 'header' | 'query_param';
  /** Header name, or name of the query parameter. */
  readonly name: string;
  /** The whole text that stands there. */
  readonly value: SecretValue;
}

/** A credential that is put into headers and query parameters. */
export interface PlacedCredential {
  readonly kind: 'placed';
  readonly placements: readonly Placement[];
}

/** A credential that signs each request (AWS Signature Version 4). */
export interface AwsCredential {
  readonly kind: 'aws_sigv4';
  readonly accessKeyId: string;
  readonly secretAccessKey: SecretValue;
  readonly sessionToken: SecretValue | undefined;
  /** Used where the host does not say it itself. */
  readonly region: string | undefined;
  readonly service: string | undefined;
}

/** A credential, rendered and ready to be put into a request; nothing in it shows the secret (K7). */
export type InjectableCredential = PlacedCredential | AwsCredential;

/** A request before or after a credential was put into it. */
export interface InjectableRequest {
  readonly method: string;
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  /** The body follows as a stream, so its hash is not known; of AWS's services S3 alone takes that. */
  readonly isBodyStreamed?: boolean;
}

/** Why a credential cannot be put into a request; `place` names what is wrong, never a value. */
export class InjectionError extends Error {
  readonly place: string;

  constructor(place: string) {
    super(`The credential cannot be put into the request: ${place}.`);
    this.name = 'InjectionError';
    this.place = place;
  }
}

/** The body follows as a stream, and this service of AWS wants its hash in the signature. */
export class StreamedBodyError extends InjectionError {
  readonly service: string;

  constructor(service: string) {
    super('streamed body');
    this.name = 'StreamedBodyError';
    this.service = service;
  }
}
