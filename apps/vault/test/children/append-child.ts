// Appends records to the audit log as fast as it can, and prints each id once it is durable, until it is killed.
import { parseRootKey } from '@alter-ai/core-crypto';
import { openAuditLog } from '../../src/audit/open-audit-log.js';
import { openKeyring } from '../../src/keys/open-keyring.js';
import { openStorage } from '../../src/storage/database/open-storage.js';

const { options, rootKey } = JSON.parse(process.argv[2] ?? '{}');
const storage = await openStorage(options);
const keyring = await openKeyring({ storage, rootKey: parseRootKey(rootKey), clock: Date.now });
const log = await openAuditLog({ storage, keyring, clock: Date.now });
process.stdout.write('ready\n');

async function appendForever(worker: number): Promise<void> {
  for (let index = 0; ; index += 1) {
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const nonce = `${process.pid}-${worker}-${index}`;
    const claim = { apiKeyId: 'key', nonce, timestampSeconds };
    const { recordId } = await log.append(
      { kind: 'access.retrieve', appId: 'app', decision: 'allow' },
      claim,
    );
    process.stdout.write(`durable ${recordId} ${nonce} ${timestampSeconds}\n`);
  }
}
await Promise.all(Array.from({ length: 20 }, (_, worker) => appendForever(worker)));
