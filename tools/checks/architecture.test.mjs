import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  countLines,
  isConfiguration,
  isData,
  isHarness,
  isTest,
  isTypeScript,
  listFiles,
  listImports,
  memberOf,
  read,
  resolveImport,
} from './sources.mjs';

const files = listFiles();
const sources = files.filter(
  (path) => isTypeScript(path) && !isConfiguration(path) && /^(packages|apps|bench)\//.test(path),
);
const product = sources.filter((path) => !isTest(path));
const known = new Set(sources);

// architecture.md: lower never imports upper; apps never import apps.
const allowedImports = {
  'packages/core-contract': [],
  'packages/core-crypto': [],
  'packages/core-policy': ['core-contract'],
  'packages/oauth-providers': ['core-contract', 'core-crypto'],
  'packages/egress': ['core-contract'],
  'packages/sdk': ['core-contract', 'core-crypto'],
  'packages/connect': ['core-contract'],
  'packages/ui': [],
  'packages/emulator': ['core-contract', 'oauth-providers'],
  'apps/vault': ['core-contract', 'core-crypto', 'core-policy', 'oauth-providers', 'egress'],
  'apps/connect-page': ['core-contract', 'ui'],
  'apps/demo': ['alter-sdk', 'connect'],
  bench: ['alter-sdk', 'core-crypto', 'emulator'],
};

describe('architecture', () => {
  it('sees the tree', () => {
    expect(product.length).toBeGreaterThan(100);
  });

  it('imports only along the allowed edges', () => {
    const wrong = product.flatMap((path) =>
      listImports(path)
        .map(({ specifier }) => /^@alter-ai\/([a-z-]+)/.exec(specifier)?.[1])
        .filter((name) => name !== undefined && !(allowedImports[memberOf(path)] ?? []).includes(name))
        .map((name) => `${path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('never leaves its own member by a relative path', () => {
    const wrong = sources.flatMap((path) =>
      listImports(path)
        .map(({ specifier }) => resolveImport(path, specifier, known))
        .filter((target) => target && memberOf(target) !== memberOf(path))
        .map((target) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('takes from the connect library nothing of the contract but types', () => {
    const wrong = product
      .filter((path) => path.startsWith('packages/connect/'))
      .filter((path) =>
        listImports(path).some((item) => item.specifier.startsWith('@alter-ai/') && !item.isTypeOnly),
      );
    expect(wrong).toEqual([]);
  });

  it('has no import cycle', () => {
    const graph = new Map(
      product.map((path) => [
        path,
        listImports(path)
          .filter((item) => !item.isTypeOnly)
          .map(({ specifier }) => resolveImport(path, specifier, known))
          .filter(Boolean),
      ]),
    );
    const state = new Map();
    const cycles = [];
    const visit = (path, trail) => {
      if (state.get(path) === 'done') return;
      if (state.get(path) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
        return;
      }
      state.set(path, 'open');
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      state.set(path, 'done');
    };
    for (const path of graph.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('keeps files short: median at most 120 lines, none over 400, tests at most 300', () => {
    const lengths = product.map(countLines).sort((left, right) => left - right);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(120);
    expect(lengths[Math.floor(lengths.length * 0.95)]).toBeLessThanOrEqual(250);
    expect(product.filter((path) => countLines(path) > 400)).toEqual([]);
    expect(sources.filter((path) => isTest(path) && countLines(path) > 300)).toEqual([]);
  });

  it('keeps folders small: at most 8 source files, at most three levels under src', () => {
    const counts = new Map();
    for (const path of [...product, ...sources.filter(isHarness)].filter((item) => !isData(item)))
      counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > 8)).toEqual([]);
    expect(product.filter((path) => (path.split('/src/')[1]?.split('/').length ?? 0) > 4)).toEqual([]);
  });

  it('names nothing utils, helpers, common, shared or misc', () => {
    expect(
      files.filter((path) => /(^|\/)(utils?|helpers?|common|shared|misc)(\/|\.[a-z]+$)/i.test(path)),
    ).toEqual([]);
  });

  it('names files in kebab-case', () => {
    const names = product.map((path) => path.split('/').at(-1));
    expect(
      names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*\.tsx?$/.test(name) && !/^\d{3}-/.test(name)),
    ).toEqual([]);
  });

  it('reads the environment in one file per program', () => {
    const allowed =
      /^(apps\/vault\/src\/config\.ts|packages\/sdk\/src\/environment\.ts|apps\/demo\/src\/config\.ts|packages\/emulator\/src\/main\.ts|bench\/|apps\/vault\/src\/cli\/environment\.ts)/;
    expect(product.filter((path) => /process\.env/.test(read(path)) && !allowed.test(path))).toEqual([]);
  });

  it('knows SQL in one folder only', () => {
    const knowsSql = (path) =>
      listImports(path).some(
        ({ specifier, isTypeOnly }) => /^(kysely|pg|better-sqlite3)$/.test(specifier) && !isTypeOnly,
      ) || /\.(selectFrom|insertInto|updateTable|deleteFrom)\(/.test(read(path));
    const wrong = product.filter(
      (path) => path.startsWith('apps/vault/') && !path.includes('/src/storage/') && knowsSql(path),
    );
    expect(wrong).toEqual([]);
  });

  it('reaches providers through egress only', () => {
    const opens = (path) =>
      listImports(path).some(
        ({ specifier, isTypeOnly }) =>
          /^(undici|node:https?|node:net|node:tls|node:dns.*)$/.test(specifier) && !isTypeOnly,
      ) || /(^|[^.\w])fetch\(/.test(read(path));
    // What listens, the local admin socket, and the command that talks to it or to a vault elsewhere reach no provider.
    const allowed = /^apps\/vault\/src\/(listen\.ts$|(admin|cli)\/)/;
    const wrong = product.filter(
      (path) =>
        /^(apps\/vault|packages\/(core-|oauth-providers))/.test(path) && opens(path) && !allowed.test(path),
    );
    expect(wrong).toEqual([]);
  });

  it('has no wildcard export and no default export where none belongs', () => {
    expect(product.filter((path) => /export \*/.test(read(path)))).toEqual([]);
    const hasDefault = (path) => /export default|export \{[^}]*\bas default\b/.test(read(path));
    expect(product.filter((path) => hasDefault(path) && !path.startsWith('packages/connect/'))).toEqual([]);
  });

  it('posts messages to exact targets only', () => {
    expect(product.filter((path) => /postMessage\([^)]*['"]\*['"]/.test(read(path)))).toEqual([]);
  });
});
