import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One page of the documentation. */
export interface DocumentationFile {
  /** Path below `/docs/`, without `.md`; empty for the first page. */
  readonly path: string;
  /** Folder of the file below `docs/`; empty for the top. */
  readonly folder: string;
  readonly title: string;
  /** First sentences of the text, without links. */
  readonly summary: string;
  readonly markdown: string;
}

const documentationFolder = join(dirname(fileURLToPath(import.meta.url)), ...Array(5).fill('..'), 'docs');

/** Reads the Markdown files of the documentation, in the order of their paths; none where the folder is missing. */
export function readDocumentation(root: string = documentationFolder): DocumentationFile[] {
  let names: string[];
  try {
    names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => {
      const markdown = readFileSync(join(root, name), 'utf8');
      const path = relative('', name)
        .split(sep)
        .join('/')
        .replace(/\.md$/, '')
        .replace(/(^|\/)(README|index)$/, '');
      const folder = dirname(name) === '.' ? '' : dirname(name).split(sep).join('/');
      return { path, folder, title: readTitle(markdown, path), summary: readSummary(markdown), markdown };
    });
}

/** A picture of the documentation, or undefined. */
export function readDocumentationImage(name: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[a-z0-9-]+\.png$/.test(name)) return undefined;
  try {
    return new Uint8Array(readFileSync(join(documentationFolder, 'images', name)));
  } catch {
    return undefined;
  }
}

function readTitle(markdown: string, path: string): string {
  return /^# (.+)$/m.exec(markdown)?.[1] ?? path;
}

const summaryLengthMax = 200;

/** Whole sentences of the first paragraph: the first one, and more while there is room. */
function readSummary(markdown: string): string {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '');
  const paragraph = prose.split(/\n\s*\n/).find((text) => text.trim() !== '' && !/^\s*[#>|!<-]/.test(text));
  const text = (paragraph ?? '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\[([^\]]*)\]\[[^\]]*\]/g, '$1')
    .replace(/:$/, '.');
  let summary = '';
  for (const sentence of text.split(/(?<=[.!?])\s+(?=\S)/)) {
    const longer = summary === '' ? sentence : `${summary} ${sentence}`;
    if (summary !== '' && longer.length > summaryLengthMax) break;
    summary = longer;
  }
  return summary;
}
