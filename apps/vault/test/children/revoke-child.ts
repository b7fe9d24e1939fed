// One more vault on the same PostgreSQL: takes one grant back; prints `revoking`, then what the provider said.
import { revokeGrant } from '../../src/grants/revoke-grant.js';
import { openChild, type RefreshChildInput } from '../refresh/open-process.js';

const input = JSON.parse(process.argv[2] ?? '{}') as RefreshChildInput;
const { deps, settings } = await openChild(input);
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
