import { Marked, type Tokens } from 'marked';

/**
 * Markdown of the documentation as HTML: headings have the ids that GitHub gives them, links between the files lead to each other's
 * pages, and tables scroll in a frame of their own.
 * @param folder folder of the file below `docs/`, which its links start from; empty for the top
 */
export function renderMarkdown(markdown: string, folder: string): string {
  const base = new URL(`http://localhost/docs/${folder === '' ? '' : `${folder}/`}`);
  const taken = new Map<string, number>();
  const marked = new Marked({
    gfm: true,
    async: false,
    walkTokens(token) {
      if (token.type === 'link' || token.type === 'image') token.href = resolveLink(token.href, base);
    },
    renderer: {
      heading({ depth, tokens }) {
        const text = this.parser.parseInline(tokens, this.parser.textRenderer);
        return `<h${depth} id="${nameHeading(text, taken)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      table({ header, rows }) {
        const read = (cell: Tokens.TableCell) => this.parser.parseInline(cell.tokens);
        const hasHead = header.some((cell) => cell.text !== '');
        const head = header.map((cell) => writeCell(cell.text === '' ? 'td' : 'th scope="col"', read(cell)));
        // Without a head, the first column is what names each row.
        const body = rows.map((row) =>
          row.map((cell, index) => writeCell(!hasHead && index === 0 ? 'th scope="row"' : 'td', read(cell))),
        );
        return [
          '<div class="table" role="group" aria-label="Table" tabindex="0"><table>',
          ...(hasHead ? [`<thead><tr>${head.join('')}</tr></thead>`] : []),
          `<tbody>${body.map((cells) => `<tr>${cells.join('')}</tr>`).join('\n')}</tbody>`,
          '</table></div>\n',
        ].join('\n');
      },
    },
  });
  return marked.parse(markdown, { async: false });
}

/** Markdown names files; pages are served without the ending. */
function resolveLink(target: string, base: URL): string {
  if (/^(?:[a-z]+:|\/|#)/i.test(target)) return target;
  const { pathname, hash } = new URL(target, base);
  return `${pathname.replace(/\.md$/, '').replace(/\/(README|index)$/, '')}${hash}`;
}

/** The id as GitHub makes it, where the same files are read: what is no letter, number, hyphen or space is dropped. */
function nameHeading(text: string, taken: Map<string, number>): string {
  const name = text
    .trim()
    .toLowerCase()
    .replaceAll(/&[a-z0-9#]+;|[^\p{L}\p{N}\p{Pc}\s-]/gu, '')
    .replaceAll(/\s/g, '-');
  const count = taken.get(name) ?? 0;
  taken.set(name, count + 1);
  return count === 0 ? name : `${name}-${count}`;
}

function writeCell(tag: string, content: string): string {
  return `<${tag}>${content}</${tag.split(' ')[0]}>`;
}
