import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../harness/vault-process.js';

/** One exact piece of text of the built vault, and what takes its place. */
export interface Patch {
  /** Below `apps/vault/dist`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A copy of the built vault that nobody else changes. */
export interface VaultBuild {
  readonly serverFile: string;
  readonly commandFile: string;
}

/**
 * Copies the built vault into `folder` and changes the copy.
 * @throws Error when a patch does not fit exactly once
 */
export function copyVaultBuild(folder: string, patches: readonly Patch[]): VaultBuild {
  const home = join(folder, 'apps', 'vault');
  const dist = join(home, 'dist');
  mkdirSync(home, { recursive: true });
  const original = join(repositoryRoot, 'apps', 'vault');
  cpSync(join(original, 'dist'), dist, { recursive: true });
  cpSync(join(original, 'package.json'), join(home, 'package.json'));
  // Everything else is found from the copy as it is from the original.
  symlinkSync(join(original, 'node_modules'), join(home, 'node_modules'));
  symlinkSync(join(repositoryRoot, 'apps', 'connect-page'), join(folder, 'apps', 'connect-page'));
  symlinkSync(join(repositoryRoot, 'docs'), join(folder, 'docs'));
  for (const patch of patches) applyPatch(dist, patch);
  return { serverFile: join(dist, 'main.js'), commandFile: join(dist, 'cli', 'main.js') };
}

function applyPatch(dist: string, patch: Patch): void {
  const path = join(dist, patch.file);
  if (!existsSync(path)) throw new Error(`the patch does not fit: there is no ${patch.file}`);
  const text = readFileSync(path, 'utf8');
  const parts = text.split(patch.find);
  if (parts.length !== 2) {
    throw new Error(
      `the patch does not fit: ${patch.file} has ${parts.length - 1} times what it should replace`,
    );
  }
  writeFileSync(path, parts.join(patch.replace));
}
