import { queryAudit } from '../../src/audit/query-audit.js';
import type { TestVault } from '../harness.js';

/** The newest records, newest first, parsed. */
export async function readAudit(vault: TestVault, kind?: string): Promise<Record<string, unknown>[]> {
  await vault.deps.audit.flush();
  const { lines } = await queryAudit(vault.deps.storage, {
    filter: kind === undefined ? {} : { kind },
    limit: 500,
  });
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
