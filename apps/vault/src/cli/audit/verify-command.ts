import { createReadStream, readFileSync } from 'node:fs';
import { importVerifyingKey, SigningKeyError, type VerifyingKey } from '@alter-ai/core-crypto';
import type { Command } from 'commander';
import type { AuditVerdict } from '../../audit/verify/audit-verdict.js';
import { readKeptCheckpoints } from '../../audit/verify/export/read-checkpoints.js';
import { LineTooLongError } from '../../audit/verify/export/split-lines.js';
import { verifyExport } from '../../audit/verify-export.js';
import { countOf } from '../../keys/inspect/count-of.js';
import { exitCodes, printJson } from '../output.js';
import { CommandError, withVault } from '../run-command.js';

interface VerifyOptions {
  readonly file?: string;
  readonly checkpoint?: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** `alter audit verify`: the database, or an export without server, database or key. */
export function addVerifyCommand(audit: Command): void {
  audit
    .command('verify')
    .description('find any record that was changed, removed or added')
    .option(
      '--file <path>',
      'an export (JSON Lines) in place of the database; needs neither server nor root key',
    )
    .option('--checkpoint <path>', 'checkpoints that were kept elsewhere: a rollback is found with them')
    .option(
      '--key <key>',
      'public key of checkpoints, a file or the key itself; needed with --file and --checkpoint',
    )
    .option('--json', 'as JSON')
    .action(async (options: VerifyOptions) => {
      const verdict = options.file === undefined ? await verifyDatabase(options) : await verifyFile(options);
      if (options.json) printJson(verdict);
      else if (verdict.isIntact) console.log(describeIntact(verdict));
      if (verdict.isIntact) return;
      throw new CommandError(verdict.faults.map((fault) => fault.description).join('\n'));
    });
}

/** The public key that an option names: a file with it, or the key itself. */
export function readPublicKey(option: string): VerifyingKey {
  let text = option;
  try {
    text = readFileSync(option, 'utf8');
  } catch {
    // No such file: then it is the key itself, or none.
  }
  try {
    return importVerifyingKey(text);
  } catch (error) {
    if (error instanceof SigningKeyError) throw new CommandError(`--key: ${error.message}`, exitCodes.usage);
    throw error;
  }
}

function verifyDatabase({ checkpoint, key }: VerifyOptions): Promise<AuditVerdict> {
  const publicKey = key === undefined ? undefined : readPublicKey(key).publicJwk.x;
  const kept = checkpoint === undefined ? undefined : readNewestLine(checkpoint);
  return withVault((client) => client.call('audit.verify', { checkpoint: kept, publicKey }));
}

async function verifyFile({ file = '', checkpoint, key }: VerifyOptions): Promise<AuditVerdict> {
  if ((checkpoint === undefined) !== (key === undefined)) {
    throw new CommandError('--checkpoint and --key are needed together with --file', exitCodes.usage);
  }
  try {
    const expected =
      checkpoint === undefined || key === undefined
        ? null
        : await readKeptCheckpoints(openFile(checkpoint), readPublicKey(key));
    return await verifyExport(openFile(file), expected);
  } catch (error) {
    if (error instanceof LineTooLongError) throw new CommandError(`${file}: ${error.message}`);
    if (error instanceof Error && 'path' in error && 'code' in error) {
      throw new CommandError(`${String(error.path)} cannot be read (${String(error.code)})`);
    }
    throw error;
  }
}

function openFile(path: string): AsyncIterable<Buffer> {
  return createReadStream(path, { highWaterMark: 1 << 20 });
}

/** Of a file with many checkpoints the newest counts: it names all before it. */
function readNewestLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new CommandError(`${path} cannot be read (${code})`);
  }
}

function describeIntact(verdict: AuditVerdict): string {
  const { records, chains, checkpoints, newestCheckpoint, uncovered, retiredUntil } = verdict;
  const lines = [`intact: ${countOf(records, 'record')} in ${countOf(chains, 'chain')}`];
  if (newestCheckpoint !== null) {
    const waiting = uncovered === 0 ? '' : `; ${countOf(uncovered, 'record')} newer`;
    lines.push(
      `checkpoints: ${checkpoints}, newest ${newestCheckpoint.number} of ${newestCheckpoint.at}${waiting}`,
    );
  }
  if (retiredUntil !== null) {
    lines.push(
      `begins after ${retiredUntil.replace('_', '-')}: retention dropped the months before, with signed checkpoints`,
    );
  }
  return lines.join('\n');
}
