const newline = 0x0a;
/** A record has a few kilobytes; whatever is longer than this is no export. */
const lineBytesMax = 64 * 1024 * 1024;

/** A line was longer than any record can be. */
export class LineTooLongError extends Error {
  readonly code = 'line_too_long';

  constructor() {
    super('The file has a line that is too long for an audit record.');
    this.name = 'LineTooLongError';
  }
}

/**
 * The lines of a file that comes in chunks, without their line breaks, as many at a time as a chunk has. The bytes are valid until
 * the next ones are asked for. Keeps one chunk and one unfinished line. Throws LineTooLongError.
 */
export async function* splitLines(
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
): AsyncGenerator<Buffer[], void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = chunk.subarray(start, end);
      lines.push(rest.length > 0 ? Buffer.concat([rest, line]) : line);
      rest = Buffer.alloc(0);
      start = end + 1;
    }
    if (start < chunk.length) rest = Buffer.concat([rest, chunk.subarray(start)]);
    if (rest.length > lineBytesMax) throw new LineTooLongError();
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [rest];
}
