import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { readReceipt, receiptFaults, verifyReceipt } from '../../audit/receipts/verify-receipt.js';
import { printJson } from '../output.js';
import { CommandError, withVault } from '../run-command.js';
import { readPublicKey } from './verify-command.js';

/** `alter audit checkpoint`, `public-key`, `receipt` and `verify-receipt`. */
export function addProofCommands(audit: Command): void {
  audit
    .command('checkpoint')
    .description('print a signed checkpoint over everything so far, to be kept elsewhere')
    .option('--all', 'print every checkpoint there is, one a line, the newest last')
    .action(async (options: { all?: boolean }) => {
      await withVault(async (client) => {
        const { line } = await client.call('audit.checkpoint', {});
        if (!options.all) {
          console.log(line);
          return;
        }
        const lines = client.lines('audit.checkpoints', {}, new AbortController().signal);
        for await (const each of lines) await writeLine(each);
      });
    });
  audit
    .command('public-key')
    .description('print the public key that checkpoints are signed with (PEM)')
    .option('--json', 'as JWK')
    .action(async (options: { json?: boolean }) => {
      const { jwk, pem } = await withVault((client) => client.call('audit.public_key', {}));
      if (options.json) printJson(jwk);
      else console.log(pem.trimEnd());
    });
  audit
    .command('receipt')
    .description('print the proof that a record is in the log')
    .argument('<record-id>')
    .option('--now', 'make a checkpoint at once in place of waiting for the next one')
    .action(async (recordId: string, options: { now?: boolean }) => {
      const input = { recordId, isAtOnce: options.now === true };
      printJson(await withVault((client) => client.call('audit.receipt', input)));
    });
  audit
    .command('verify-receipt')
    .description('verify a receipt; needs neither server nor database')
    .argument('<file>', 'the receipt, or - for standard input')
    .requiredOption('--key <key>', 'public key of checkpoints, a file or the key itself')
    .option('--json', 'as JSON')
    .action((file: string, options: { key: string; json?: boolean }) => checkReceipt(file, options));
}

function checkReceipt(file: string, options: { key: string; json?: boolean }): void {
  const key = readPublicKey(options.key);
  const receipt = readReceipt(readText(file));
  const fault = receipt === null ? 'malformed' : verifyReceipt(receipt, key);
  if (receipt === null || fault !== null) {
    if (options.json) printJson({ is_valid: false, fault });
    throw new CommandError(`not valid: ${receiptFaults[fault ?? 'malformed']}`);
  }
  const { record, note } = receipt;
  if (options.json) printJson({ is_valid: true, record_id: record.id, checkpoint: note.number, at: note.at });
  else {
    console.log(`valid: record ${record.id} (${record.kind}) of ${record.at}`);
    console.log(`in the log since checkpoint ${note.number} of ${note.at}, key ${note.key_id}`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new CommandError(`${file} cannot be read (${code})`);
  }
}

function writeLine(text: string): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(`${text}\n`)) resolve();
    else process.stdout.once('drain', resolve);
  });
}
