import { formatFilePath } from './settings-file-error.js';

/** Where values that are not written in the file come from. */
export interface ValueSources {
  readVariable(name: string): string | undefined;
  /** @throws Error when the file cannot be read */
  readFile(path: string): string;
}

/** The file's content with every `{ env }` and `{ file }` replaced. */
export interface ResolvedValues {
  readonly value: unknown;
  /** Paths whose value came from elsewhere, so is not written in the file. */
  readonly referencedPaths: ReadonlySet<string>;
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

/** Replaces `{ env: NAME }` and `{ file: PATH }` wherever a value may stand. Problems name the variable, never a value. */
export function resolveValues(root: unknown, sources: ValueSources): ResolvedValues {
  const referencedPaths = new Set<string>();
  const problems: { path: string; message: string }[] = [];

  const replace = (
    path: readonly PropertyKey[],
    read: () => string | undefined,
    missing: string,
  ): unknown => {
    const place = formatFilePath(path);
    referencedPaths.add(place);
    const value = read();
    if (value !== undefined && value !== '') return value;
    problems.push({ path: place, message: missing });
    return undefined;
  };
  const readFile = (name: string): string | undefined => {
    try {
      return sources.readFile(name).replace(/\r?\n$/, '');
    } catch {
      return undefined;
    }
  };
  const walk = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [only, second] = entries;
    if (only && !second && typeof only[1] === 'string') {
      const [kind, name] = only;
      if (kind === 'env') {
        return replace(path, () => sources.readVariable(name), `the environment variable ${name} is not set`);
      }
      if (kind === 'file')
        return replace(path, () => readFile(name), `the file ${name} cannot be read or is empty`);
    }
    return Object.fromEntries(entries.map(([name, item]) => [name, walk(item, [...path, name])]));
  };

  return { value: walk(root, []), referencedPaths, problems };
}
