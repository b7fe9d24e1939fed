import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DemoConfig } from '../config.js';

const run = promisify(execFile);

/**
 * What the operator of this machine can do with the `alter` command beside the running vault. An application has no
 * such access: the demo uses it only to show what the operator sees, and to switch one rule.
 */
export interface Operator {
  /** The last records of the audit trail, oldest first, as the command prints them. */
  readLastRecords(count: number): Promise<readonly Record<string, unknown>[]>;
  /** Lets Acme be used from everywhere, or only from an address that is not this one. */
  setRule(isDenying: boolean): Promise<void>;
}

/** Networks of the demo's one rule: this machine, or a network for documentation (RFC 5737), where nobody is. */
export const ruleNetworks = { open: ['127.0.0.0/8', '::1/128'], closed: ['203.0.113.0/24'] } as const;

/** Makes the operator, if the demo was told where the command is. */
export function createOperator(config: NonNullable<DemoConfig['operator']>): Operator {
  const alter = async (args: readonly string[]): Promise<string> => {
    const { stdout } = await run(process.execPath, [config.command, ...args], {
      // Nothing of the demo's own environment, its API key least of all.
      env: { ALTER_VAULT_DATA_DIR: config.dataDir, ALTER_VAULT_ENV: 'development' },
      timeout: 10_000,
      maxBuffer: 8 * 1024 * 1024,
    });
    return stdout;
  };
  return {
    async readLastRecords(count) {
      const output = await alter(['audit', 'tail', '--lines', String(count), '--json']);
      return output.split('\n').filter(Boolean).map(parseRecord);
    },
    async setRule(isDenying) {
      const cidrs = isDenying ? ruleNetworks.closed : ruleNetworks.open;
      const change = {
        version: 1,
        apps: [
          {
            slug: 'demo',
            name: 'Demo',
            policies: [
              {
                name: 'office network',
                target: { provider: 'acme' },
                rule: { kind: 'ip_allowlist', cidrs: [...cidrs] },
              },
            ],
          },
        ],
      };
      const file = join(config.dataDir, 'demo-rule.json');
      await writeFile(file, JSON.stringify(change));
      await alter(['apply', '-f', file, '--yes']);
    },
  };
}

function parseRecord(line: string): Record<string, unknown> {
  const record: unknown = JSON.parse(line);
  if (typeof record !== 'object' || record === null) throw new Error('a record is not an object');
  return record as Record<string, unknown>;
}
