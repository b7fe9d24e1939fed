import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkFile } from './check-file.js';
import { resolveValues, type ValueSources } from './resolve-values.js';
import { type FileProblem, formatFilePath, SettingsFileError } from './settings-file-error.js';
import { keysNotSupportedYet, secretPaths, type VaultFile, vaultFileSchema } from './vault-file-schema.js';

/** What reading a file needs from around it. */
export interface ReadOptions {
  readonly isDevelopment: boolean;
  readonly readVariable: (name: string) => string | undefined;
}

/** A file that was read and found right. */
export interface ReadFile {
  readonly file: VaultFile;
  /** Secrets that stand in the file itself. */
  readonly warnings: readonly FileProblem[];
}

/** Reads one configuration file, YAML or JSON. @throws SettingsFileError with every mistake in it */
export async function readSettingsFile(path: string, options: ReadOptions): Promise<ReadFile> {
  const content = await parseText(readText(path), path);
  return checkSettings(content, path, { ...options, readFile: readBeside(path) });
}

/** A file whose values are resolved but not checked yet: what the `alter` command hands to the server. */
export interface ResolvedFile {
  readonly label: string;
  readonly content: unknown;
  readonly warnings: readonly FileProblem[];
}

/** Reads one configuration file with its references replaced. @throws SettingsFileError */
export async function resolveSettingsFile(
  path: string,
  readVariable: ReadOptions['readVariable'],
): Promise<ResolvedFile> {
  const resolved = resolveValues(await parseText(readText(path), path), {
    readVariable,
    readFile: readBeside(path),
  });
  if (resolved.problems.length > 0) {
    throw new SettingsFileError(resolved.problems.map((problem) => ({ file: path, ...problem })));
  }
  const warnings = findLiteralSecrets(resolved.value, resolved.referencedPaths, path);
  return { label: path, content: resolved.value, warnings };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new SettingsFileError([{ file: path, path: '', message: `cannot be read (${code})` }]);
  }
}

/** Files that a configuration file names are looked for beside it. */
function readBeside(path: string): (name: string) => string {
  const folder = dirname(resolve(path));
  return (name) => readFileSync(resolve(folder, name), 'utf8');
}

/** Checks the content of a configuration file that is parsed already. @throws SettingsFileError */
export function checkSettings(
  content: unknown,
  label: string,
  options: { isDevelopment: boolean } & ValueSources,
): ReadFile {
  const problems: FileProblem[] = [];
  const report = (path: readonly PropertyKey[], message: string) =>
    problems.push({ file: label, path: formatFilePath(path), message });

  const resolved = resolveValues(content, options);
  const cleaned = refuseUnsupported(resolved.value, report);
  const parsed = vaultFileSchema.safeParse(cleaned);
  const unset = new Set(resolved.problems.map((problem) => problem.path));
  for (const problem of resolved.problems) problems.push({ file: label, ...problem });
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      if (unset.has(formatFilePath(issue.path))) continue;
      if (issue.code === 'unrecognized_keys') {
        for (const key of issue.keys) report([...issue.path, key], 'there is no such setting');
      } else report(issue.path, issue.message);
    }
  } else if (unset.size === 0) {
    checkFile(parsed.data, options, report);
  }
  if (problems.length > 0 || !parsed.success) throw new SettingsFileError(problems);
  return { file: parsed.data, warnings: findLiteralSecrets(resolved.value, resolved.referencedPaths, label) };
}

async function parseText(text: string, label: string): Promise<unknown> {
  // Of the modules of a start the third in size, and a server without a configuration file never needs it.
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error) {
    const line = error.linePos?.[0].line;
    // The parser's message quotes the line, which may hold a secret; its code and place say enough.
    throw new SettingsFileError([
      {
        file: label,
        path: '',
        message: `is neither YAML nor JSON (${error.code}${line ? `, line ${line}` : ''})`,
      },
    ]);
  }
  return document.toJS({ maxAliasCount: 100 });
}

/** Reports keys of later versions, and takes them out so that they are not reported as unknown too. */
function refuseUnsupported(
  root: unknown,
  report: (path: readonly PropertyKey[], message: string) => void,
): unknown {
  const copy: unknown = structuredClone(root);
  for (const pattern of keysNotSupportedYet) {
    for (const { path, parent, key } of findPlaces(copy, pattern)) {
      report(path, 'is not supported by this version yet');
      delete parent[key];
    }
  }
  return copy;
}

function findLiteralSecrets(root: unknown, referenced: ReadonlySet<string>, label: string): FileProblem[] {
  const warnings: FileProblem[] = [];
  const warn = (path: string) => {
    if (referenced.has(path)) return;
    warnings.push({
      file: label,
      path,
      message: 'a secret is written in the file; use { env: NAME } or { file: PATH }',
    });
  };
  for (const pattern of secretPaths) {
    for (const { path, parent, key } of findPlaces(root, pattern)) {
      const value = parent[key];
      if (Array.isArray(value)) for (const index of value.keys()) warn(formatFilePath([...path, index]));
      else warn(formatFilePath(path));
    }
  }
  return warnings;
}

interface Place {
  readonly path: PropertyKey[];
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

/** Places that fit a pattern, `*` standing for every element of a list. */
function findPlaces(root: unknown, pattern: readonly string[]): Place[] {
  let nodes: { value: unknown; path: PropertyKey[] }[] = [{ value: root, path: [] }];
  for (const part of pattern.slice(0, -1)) {
    nodes = nodes.flatMap(({ value, path }) => {
      if (part === '*') {
        return Array.isArray(value)
          ? value.map((item, index) => ({ value: item, path: [...path, index] }))
          : [];
      }
      return isRecord(value) && part in value ? [{ value: value[part], path: [...path, part] }] : [];
    });
  }
  const key = pattern.at(-1) ?? '';
  return nodes.flatMap(({ value, path }) =>
    isRecord(value) && Object.hasOwn(value, key) ? [{ path: [...path, key], parent: value, key }] : [],
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
