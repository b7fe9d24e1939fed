import { createHash } from 'node:crypto';
import { noteForwarded } from './free-buffers.js';

/** Size and digest of a body that passes; the body itself is not kept (A2). */
export interface Meter {
  add(chunk: Uint8Array): void;
  /** The same source, with everything that is read from it added. */
  measure(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  bytes(): number;
  /** SHA-256, lower-case hex; call once, at the end. */
  digest(): string;
}

/** Starts one. */
export function createMeter(): Meter {
  const hash = createHash('sha256');
  let bytes = 0;
  const add = (chunk: Uint8Array) => {
    bytes += chunk.byteLength;
    hash.update(chunk);
    noteForwarded(chunk.byteLength);
  };
  return {
    add,
    async *measure(source) {
      for await (const chunk of source) {
        add(chunk);
        yield chunk;
      }
    },
    bytes: () => bytes,
    digest: () => hash.digest('hex'),
  };
}
