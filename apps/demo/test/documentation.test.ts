import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const demo = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(dirname(demo));
// Inside the demo, so that the snippets find the SDK as an application does.
const folder = join(demo, 'node_modules', '.snippets');

const documents = [
  ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'AGENTS.md'].map((name) => join(root, name)),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(root, 'docs', name)),
];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a snippet takes for granted: the reader's own objects, and names that an earlier snippet imported. */
const surroundings = `
declare const user: any, app: any, redirect: any;
declare const returnUrl: string, url: string, eventsUrl: string, grantId: string, secretId: string, idpId: string;
declare const userToken: string, rawBody: string, headers: Record<string, string>;
`;
const names = ['App', 'GrantNotFoundError', 'HttpMethod', 'ReAuthRequiredError'];

function makeModule(snippet: string): string {
  const lines = snippet.split('\n');
  const imports = lines.filter((line) => line.startsWith('import ')).join('\n');
  const rest = lines.filter((line) => !line.startsWith('import ')).join('\n');
  const body = rest.includes('new App(') ? rest : `const vault = new App();\n${rest}`;
  const missing = names.filter((name) => body.includes(name) && !imports.includes(name));
  const added = missing.length > 0 ? `import { ${missing.join(', ')} } from '@alter-ai/alter-sdk';` : '';
  return `${imports}\n${added}\n${surroundings}\nexport async function run() {\n${body}\n}\n`;
}

describe('documentation', () => {
  it('has snippets that compile against the SDK', () => {
    const snippets = documents.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/```ts\n(.*?)```/gs)].map((match) => ({
        path,
        text: match[1] ?? '',
      })),
    );
    expect(snippets.length).toBeGreaterThan(5);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    snippets.forEach(({ path, text }, index) => {
      const name = relative(root, path).replaceAll(/[^a-z]+/gi, '-');
      writeFileSync(join(folder, `${name}-${index}.ts`), makeModule(text));
    });
    // A library of the reader's choice, which this repository's demo does not have.
    writeFileSync(join(folder, 'libraries.d.ts'), "declare module 'standardwebhooks';\n");
    const options = {
      extends: join(root, 'tsconfig.base.json'),
      // Readers' route handlers are not typed here, and snippets do not guard against an empty list.
      compilerOptions: {
        noEmit: true,
        types: ['node'],
        noImplicitAny: false,
        noUncheckedIndexedAccess: false,
      },
      include: ['*.ts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
    const tsc = join(demo, 'node_modules', '.bin', 'tsc');
    const { stdout, status } = spawnSync(tsc, ['-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  }, 30_000);

  it('links to files that exist', () => {
    const broken = documents.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/(?:\]\(|src(?:set)?=")([^)"#]+)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => !/^[a-z]+:|^\//.test(target) && !existsSync(join(dirname(path), target)))
        .map((target) => `${relative(root, path)} -> ${target}`),
    );
    expect(broken).toEqual([]);
  });
});
