// One more vault on the same PostgreSQL: callers of it ask for one grant's token at once; prints `asking`, then how each fared.
import { ensureGrantFresh, openChild, type RefreshChildInput } from '../refresh/open-process.js';

const input = JSON.parse(process.argv[2] ?? '{}') as RefreshChildInput;
const { deps, provider, settings } = await openChild(input);
process.stdout.write('asking\n');
const callers = Array.from({ length: input.callers ?? 1 }, async () => {
  try {
    await ensureGrantFresh(deps, { settings, provider, grantId: input.grantId });
    return 'fresh';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
});
const results = await Promise.all(callers);
process.stdout.write(`results ${JSON.stringify(results)}\n`);
await deps.audit.close();
await deps.egress.close();
await deps.storage.close();
