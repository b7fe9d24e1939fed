#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { vaultVersion } from '../telemetry/vault-version.js';
import { addAuditCommands } from './audit-commands.js';
import { addBackupCommands } from './backup/backup-commands.js';
import { addConnectCommand } from './connect-command.js';
import { addDoctorCommand } from './doctor/doctor-command.js';
import { addGrantCommands } from './grant-commands.js';
import { addInspectCommands } from './inspect-commands.js';
import { addAppCommands } from './keys/app-commands.js';
import { addRotateCommand } from './keys/rotate-command.js';
import { exitCodes } from './output.js';
import { reportFailure } from './run-command.js';
import { addSecretCommands } from './secrets/secret-commands.js';
import { addSettingsCommands } from './settings-commands.js';
import { addWebhookCommands } from './webhooks/webhook-commands.js';

const program = new Command('alter')
  .description(
    'Operates a vault: through the running server, or on its data directory when none runs. Set ALTER_VAULT_DATA_DIR as the server has it.',
  )
  .version(vaultVersion)
  .showHelpAfterError()
  .exitOverride();
addSettingsCommands(program);
addDoctorCommand(program);
addInspectCommands(program);
addGrantCommands(program);
addAuditCommands(program);
addSecretCommands(program);
addWebhookCommands(program);
addAppCommands(program);
addRotateCommand(program);
addBackupCommands(program);
addConnectCommand(program);
// What was not given its own way of ending goes by the program's.
for (const command of listCommands(program)) command.exitOverride();

function listCommands(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...listCommands(child)]);
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.error);
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  else process.exitCode = reportFailure(error);
}
