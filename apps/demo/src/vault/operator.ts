import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DemoConfig } from '../config.js';
import { createAuditTrail } from './audit-trail.js';

const run = promisify(execFile);
const recordsMax = 500;

/**
 * What the operator of this machine can do with the `alter` command beside the running vault. An application has no
 * such access: the demo uses it only to show what the operator sees, and to switch one rule.
 */
export interface Operator {
  /** The newest records of the audit trail, oldest first. */
  readRecords(): readonly Record<string, unknown>[];
  /** Lets Acme be used from this machine, or only from an address that is not this one. */
  setRule(isDenying: boolean): Promise<void>;
  close(): void;
}

/** Networks of the demo's one rule: this machine, or a network for documentation (RFC 5737), where nobody is. */
const ruleNetworks = { open: ['127.0.0.0/8', '::1/128'], closed: ['203.0.113.0/24'] };

/** Makes the operator, if the demo was told where the command is. */
export function createOperator({ command, dataDir }: NonNullable<DemoConfig['operator']>): Operator {
  // Nothing of the demo's own environment, its API key least of all.
  const env = { ALTER_VAULT_DATA_DIR: dataDir, ALTER_VAULT_ENV: 'development' };
  const trail = createAuditTrail({ command, env, recordsMax });
  return {
    readRecords: trail.read,
    async setRule(isDenying) {
      const cidrs = isDenying ? ruleNetworks.closed : ruleNetworks.open;
      const policy = {
        name: 'office network',
        target: { provider: 'acme' },
        rule: { kind: 'ip_allowlist', cidrs },
      };
      const change = { version: 1, apps: [{ slug: 'demo', name: 'Demo', policies: [policy] }] };
      const file = join(dataDir, 'demo-rule.json');
      await writeFile(file, JSON.stringify(change));
      await run(process.execPath, [command, 'apply', '-f', file, '--yes'], { env, timeout: 10_000 });
    },
    close: trail.close,
  };
}
