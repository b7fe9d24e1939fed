const chunkBytesMax = 65_536;

/**
 * Random token of `bytes` random bytes (32 unless told), as unpadded base64url.
 * Runs in browsers and in Node: it uses only the Web Crypto generator and `btoa`.
 * Throws RangeError when `bytes` is not an integer from 1 to 65,536 (the limit of `getRandomValues`).
 */
export function randomToken(bytes = 32): string {
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > chunkBytesMax) {
    throw new RangeError('bytes must be an integer from 1 to 65536');
  }
  let binary = '';
  for (const byte of globalThis.crypto.getRandomValues(new Uint8Array(bytes))) {
    binary += String.fromCharCode(byte);
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * A source of random 32-bit words that asks the Web Crypto generator for many at once: asking costs far more than a word does.
 * For ids that tell nothing when they are known; keys and tokens are drawn one by one.
 */
export function createRandomWords(pooled = 1024): () => number {
  const words = new Uint32Array(pooled);
  let next = pooled;
  return () => {
    if (next >= pooled) {
      globalThis.crypto.getRandomValues(words);
      next = 0;
    }
    const word = words[next] ?? 0;
    words[next] = 0;
    next += 1;
    return word;
  };
}
