import { serve } from '@hono/node-server';
import { Hono } from 'hono';

// The bare echo that the vault is measured against: the same framework, the same sizes, none of the guarantees. Behind a proxy it is
// the upstream.
const answerBytes = Number(process.env.ANSWER_BYTES ?? '700');
const answer = { data: 'x'.repeat(Math.max(0, answerBytes - 11)) };

const app = new Hono();
app.on('POST', ['/sdk/token', '/v1/chat/completions'], async (context) => {
  await context.req.json();
  return context.json(answer);
});
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' }, () =>
  console.log('ready'),
);
