// One more vault on the same PostgreSQL: takes one grant back; prints `revoking`, then what the provider said.
import { parseRootKey } from '@alter-ai/core-crypto';
import { loadConfig } from '../../src/config.js';
import { revokeGrant } from '../../src/grants/revoke-grant.js';
import { describeSettings, openProcess, type RefreshChildInput } from '../refresh/open-process.js';

const input = JSON.parse(process.argv[2] ?? '{}') as RefreshChildInput;
const { settings } = describeSettings(input.facts);
const clock = () => Date.now() + input.offsetMs;
const deps = await openProcess({
  name: `child-${process.pid}`,
  config: loadConfig(input.environment),
  databaseUrl: input.databaseUrl,
  schema: input.schema,
  rootKey: parseRootKey(input.rootKey),
  clock,
  sharedClock: clock,
  settings,
});
process.stdout.write('revoking\n');
const revoked = await revokeGrant(deps, {
  appId: settings.appId,
  grantId: input.grantId,
  revokedBy: 'child',
});
process.stdout.write(`revoked ${revoked.providerRevocation}\n`);
await deps.audit.close();
await deps.egress.close();
await deps.storage.close();
