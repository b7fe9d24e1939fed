import { type ErrorCode, errorTable } from '@alter-ai/core-contract';
import type { VaultDeps } from '../../deps.js';
import { ApiError, buildErrorBody } from '../../http/api-error.js';
import { page, type RequestContext, type RouteRegistration } from '../../http/route.js';
import { type DocumentationFile, readDocumentation, readDocumentationImage } from './documentation-files.js';
import { documentationPolicy, documentationStyle, renderDocumentation } from './documentation-page.js';

const noSuchPage =
  '# No such page\n\nThere is no page at this address. All pages are listed in the [documentation](/docs).';
const exampleRequestId = '0199a2f4-7c11-7000-8000-00000000abcd';

/** `/docs` (where `/` leads), a page for each error code below it, and `/llms.txt`. */
export function createDocumentationRoutes(deps: VaultDeps): readonly RouteRegistration[] {
  const { publicUrl } = deps.config;
  const files = new Map(readDocumentation().map((file) => [file.path, file]));
  const rendered = new Map<string, string>();

  const serve = async (context: RequestContext, path: string): Promise<Response> => {
    let html = rendered.get(path);
    if (html === undefined) {
      html = await buildPage(path, files, publicUrl);
      // Only what there is is kept: the paths of pages that are missing come from outside.
      if (html !== undefined) rendered.set(path, html);
    }
    const body = html ?? (await renderDocumentation('No such page', noSuchPage));
    return context.raw.body(body, html === undefined ? 404 : 200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': documentationPolicy,
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': html === undefined ? 'no-store' : 'public, max-age=300',
    });
  };
  const serveText = (context: RequestContext, text: string, type: string): Response =>
    context.raw.body(text, 200, {
      'Content-Type': `${type}; charset=utf-8`,
      'Cache-Control': 'public, max-age=300',
    });

  return [
    page('GET', '/', ({ raw }) => raw.redirect('/docs', 302)),
    page('GET', '/docs', (context) => serve(context, '')),
    page('GET', '/docs/style.css', (context) => serveText(context, documentationStyle, 'text/css')),
    page('GET', '/docs/images/:name', ({ raw }) => {
      const bytes = readDocumentationImage(raw.req.param('name') ?? '');
      if (!bytes) throw new ApiError('not_found');
      return raw.body(bytes, 200, { 'Content-Type': 'image/png', 'Cache-Control': 'public, max-age=300' });
    }),
    page('GET', '/docs/*', (context) => {
      const path = context.raw.req.path.replace(/^\/docs\/?/, '').replace(/\/$/, '');
      const file = files.get(path.replace(/\.md$/, ''));
      if (path.endsWith('.md') && file) return serveText(context, file.markdown, 'text/markdown');
      return serve(context, path);
    }),
    page('GET', '/llms.txt', (context) => serveText(context, buildIndexText(files, publicUrl), 'text/plain')),
  ];
}

async function buildPage(
  path: string,
  files: ReadonlyMap<string, DocumentationFile>,
  publicUrl: string,
): Promise<string | undefined> {
  const file = files.get(path);
  const code = /^errors\/([a-z_]+)$/.exec(path)?.[1];
  if (code !== undefined && isErrorCode(code)) {
    return renderDocumentation(code, describeError(code, file?.markdown, publicUrl), 'errors');
  }
  if (file) return renderDocumentation(file.title, file.markdown, file.folder);
  if (path === '') return renderDocumentation('Documentation', buildIndex(files));
  if (path === 'errors') return renderDocumentation('Errors', buildErrorIndex());
  return undefined;
}

/** Facts and example come from the table that the server itself uses; cause and remedy from the file. */
function describeError(code: ErrorCode, markdown: string | undefined, publicUrl: string): string {
  const { status, retryable, userAction, message } = errorTable[code];
  const written = markdown ?? `# ${code}\n`;
  const example = buildErrorBody(new ApiError(code), publicUrl, exampleRequestId);
  return [
    written.trimEnd(),
    '',
    '## Facts',
    '',
    '| | |',
    '|---|---|',
    `| HTTP status | ${status} |`,
    `| May succeed later by itself (\`retryable\`) | ${retryable ? 'yes' : 'no'} |`,
    `| Who acts (\`user_action\`) | \`${userAction}\` |`,
    `| Message | ${message} |`,
    '',
    '## Example',
    '',
    '```json',
    JSON.stringify(example, null, 2),
    '```',
  ].join('\n');
}

function buildErrorIndex(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { status, message }]) => `| [\`${code}\`](/docs/errors/${code}) | ${status} | ${message} |`,
  );
  return ['# Errors', '', '| Code | Status | Meaning |', '|---|---|---|', ...rows].join('\n');
}

function buildIndex(files: ReadonlyMap<string, DocumentationFile>): string {
  const lines = listPages(files).map((file) => `- [${file.title}](/docs/${file.path}): ${file.summary}`);
  return [
    '# Documentation',
    '',
    ...lines,
    '- [Errors](/docs/errors)',
    '- [OpenAPI document](/openapi.json)',
  ].join('\n');
}

function buildIndexText(files: ReadonlyMap<string, DocumentationFile>, publicUrl: string): string {
  const lines = listPages(files).map(
    (file) => `- [${file.title}](${publicUrl}/docs/${file.path}.md): ${file.summary}`,
  );
  const errors = Object.entries(errorTable).map(
    ([code, { message }]) => `- [${code}](${publicUrl}/docs/errors/${code}.md): ${message}`,
  );
  return [
    '# Alter Vault',
    '',
    "> A self-hosted vault for other people's credentials: applications call providers through it and never keep a token.",
    '',
    '## Documentation',
    '',
    `- [OpenAPI document](${publicUrl}/openapi.json): every endpoint, with its schemas and errors.`,
    ...lines,
    '',
    '## Errors',
    '',
    ...errors,
    '',
  ].join('\n');
}

function listPages(files: ReadonlyMap<string, DocumentationFile>): DocumentationFile[] {
  return [...files.values()].filter((file) => file.path !== '' && !file.path.startsWith('errors/'));
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}
