import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { listen } from '../../src/listen.js';

it('F3: a stop waits for the request that is under way, and not for connections that were opened to spare', async () => {
  const server = await listen('127.0.0.1', 0);
  let answer = (): void => {};
  const arrived = new Promise<void>((resolve) => {
    server.serve((_incoming, outgoing) => {
      answer = () => outgoing.end('done');
      resolve();
    }, 'http://vault.example');
  });
  const spare = connect(server.port, '127.0.0.1');
  await new Promise((resolve) => spare.once('connect', resolve));
  const answered = fetch(`http://127.0.0.1:${server.port}/`).then((response) => response.text());
  await arrived;

  const spareEnded = new Promise((resolve) => spare.once('close', resolve));
  let isDrained = false;
  const drained = server.drain(60_000).then(() => {
    isDrained = true;
  });
  await spareEnded;
  expect(isDrained).toBe(false);
  answer();
  expect(await answered).toBe('done');
  await drained;
});
