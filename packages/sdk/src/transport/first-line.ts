import type { IncomingMessage } from 'node:http';

const lineFeed = 0x0a;
const lineBytesMax = 1024 * 1024;

/** The first line of an answer, without its line feed; what follows stays in the message. Undefined where there is none. */
export function readFirstLine(message: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (line: string | undefined) => {
      message.off('readable', readOn);
      message.off('end', giveUp);
      message.off('error', giveUp);
      message.off('close', giveUp);
      resolve(line);
    };
    const giveUp = () => finish(undefined);
    const readOn = () => {
      for (let chunk = readChunk(message); chunk !== null; chunk = readChunk(message)) {
        const end = chunk.indexOf(lineFeed);
        chunks.push(end === -1 ? chunk : chunk.subarray(0, end));
        size += chunk.length;
        if (end === -1 && size > lineBytesMax) return giveUp();
        if (end === -1) continue;
        finish(Buffer.concat(chunks).toString('utf8'));
        if (end + 1 < chunk.length) message.unshift(chunk.subarray(end + 1));
        return;
      }
    };
    message.on('readable', readOn);
    message.on('end', giveUp);
    message.on('error', giveUp);
    message.on('close', giveUp);
  });
}

function readChunk(message: IncomingMessage): Buffer | null {
  return message.read() as Buffer | null;
}
