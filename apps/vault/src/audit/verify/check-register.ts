import type { Keyring } from '../../keys/keyring.js';
import type { Storage } from '../../storage/database/storage.js';
import { listAuditChains, readAuditRegister } from '../../storage/log/audit-chains.js';
import { listChainsOfMonth } from '../../storage/log/audit-scan.js';
import { listAuditMonths } from '../../storage/log/audit-tables.js';
import { openRegister, type RegisterFacts } from '../chain/chain-register.js';
import type { FaultList } from './audit-verdict.js';

/** Compares chains with the sealed register of all there have ever been; null where it does not open. */
export async function checkRegister(
  deps: { storage: Storage; keyring: Keyring },
  chains: ReadonlySet<string>,
  faults: FaultList,
): Promise<RegisterFacts | null> {
  const { storage, keyring } = deps;
  const withRecords = new Set<string>();
  for (const month of await listAuditMonths(storage)) {
    for (const id of await listChainsOfMonth(storage, month)) withRecords.add(id);
  }
  const sealed = await readAuditRegister(storage);
  if (sealed === null) {
    if (chains.size + withRecords.size > 0) faults.add('register_missing');
    return null;
  }
  let facts: RegisterFacts;
  try {
    facts = openRegister(keyring, sealed);
  } catch {
    faults.add('register_unreadable');
    return null;
  }
  const registered = new Set(facts.chains);
  const present = new Set([...chains, ...(await listAuditChains(storage)).map((chain) => chain.id)]);
  for (const chainId of registered) if (!present.has(chainId)) faults.add('chain_missing', { chainId });
  for (const chainId of new Set([...chains, ...withRecords])) {
    if (!registered.has(chainId)) faults.add('chain_unregistered', { chainId });
  }
  return facts;
}
