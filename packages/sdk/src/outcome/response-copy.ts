import { describeBytes } from './record-call.js';

const copyBytesMax = 10_000;
const waitMsMax = 5_000;

/**
 * The beginning of a body for the record, read from a clone beside the caller, who may stream, read late or never:
 * at most 10,000 bytes and five seconds are spent on it, and long or endless bodies are only named.
 */
export async function copyBody(response: Response): Promise<string> {
  const declared = Number(response.headers.get('content-length') ?? Number.NaN);
  if (declared > copyBytesMax) return `<response too large: ${declared} bytes>`;
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) return '<event stream>';
  if (response.body === null) return '';
  const reader = response.clone().body?.getReader();
  if (reader === undefined) return '';
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => {});
  }, waitMsMax);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      chunks.push(part.value);
      length += part.value.byteLength;
      if (length > copyBytesMax) {
        // Not awaited: a tee'd branch answers only when the caller's branch ends as well.
        reader.cancel().catch(() => {});
        return `<response too large: more than ${copyBytesMax} bytes>`;
      }
    }
    return isLate ? '<response not finished>' : describeBytes(Buffer.concat(chunks));
  } catch {
    return '<response broken off>';
  } finally {
    clearTimeout(timer);
  }
}

/** At most `bytesMax` bytes of a body as text; the rest is left unread. */
export async function readTextUpTo(response: Response, bytesMax: number): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk.subarray(0, bytesMax - length), { stream: true });
    length += chunk.byteLength;
    if (length >= bytesMax) break;
  }
  return text + decoder.decode();
}
