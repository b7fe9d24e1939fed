// The tree as the checks see it: tracked TypeScript with its imports.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Tracked and new files, relative to the root. */
export function listFiles() {
  const output = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  return [...new Set(output.split('\n'))].filter((path) => path !== '' && exists(path));
}

function exists(path) {
  try {
    readFileSync(join(root, path));
    return true;
  } catch {
    return false;
  }
}

export const isTypeScript = (path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts');
export const isTest = (path) =>
  /\.(test|spec)\.tsx?$/.test(path) || /(^|\/)test\//.test(path) || path.startsWith('apps/e2e/');
/** What the tests with real processes stand on: programs and harness, no test themselves. */
export const isHarness = (path) => path.startsWith('apps/e2e/') && !path.endsWith('.spec.ts');
export const isConfiguration = (path) => /\.config\.(ts|mjs)$/.test(path);
/** Catalogue data and migrations: the limits on files per folder do not concern them. */
export const isData = (path) => /\/(catalog|migrations)\//.test(path);

export const read = (path) => readFileSync(join(root, path), 'utf8');
export const countLines = (path) => read(path).split('\n').length - 1;

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Module specifiers of a file; `isTypeOnly` where the whole statement is erased. */
export function listImports(path) {
  return [...read(path).matchAll(importPattern)].map((match) => ({
    specifier: match[1] ?? match[2] ?? match[3],
    isTypeOnly: /^\s*(import|export)\s+type\s/.test(match[0]),
  }));
}

/** The file that a relative specifier means, or undefined. */
export function resolveImport(from, specifier, known) {
  if (!specifier.startsWith('.')) return undefined;
  const target = posix.normalize(posix.join(posix.dirname(from), specifier));
  const stem = target.replace(/\.jsx?$/, '');
  return [`${stem}.ts`, `${stem}.tsx`, `${stem}/index.ts`, target].find((candidate) => known.has(candidate));
}

/** Workspace member that a path belongs to, e.g. `packages/egress`. */
export const memberOf = (path) =>
  path
    .split('/')
    .slice(0, path.startsWith('bench/') ? 1 : 2)
    .join('/');
