/** Policy of the documentation: one style sheet and own pictures, no script at all. */
export const documentationPolicy =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Style of the documentation, light and dark. */
export const documentationStyle = `
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem; font: 1rem/1.6 system-ui, sans-serif; color: #16181d; background: #fff; }
a { color: #1d55c4; } nav { margin-bottom: 1.5rem; }
h1 { font-size: 1.75rem; line-height: 1.25; overflow-wrap: anywhere; } h2 { font-size: 1.25rem; margin-top: 2rem; } tbody th { font-weight: 400; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; background: #eef0f4; padding: 0.1em 0.3em; border-radius: 4px; }
pre { overflow-x: auto; background: #eef0f4; padding: 1rem; border-radius: 8px; } pre code { padding: 0; background: none; }
p, li { overflow-wrap: anywhere; } .table { overflow-x: auto; margin: 1rem 0; } table { border-collapse: collapse; } th, td { border: 1px solid #c9ced8; padding: 0.4rem 0.7rem; text-align: left; vertical-align: top; min-width: 6rem; }
img { max-width: 100%; }
@media (prefers-color-scheme: dark) {
  body { color: #e8eaf0; background: #14161b; } a { color: #8db4ff; } code, pre { background: #22262e; } th, td { border-color: #3c424f; }
}
`;

/** A whole page from the Markdown of a file in `folder` below `docs/`; the parser is loaded with the first one. */
export async function renderDocumentation(title: string, markdown: string, folder = ''): Promise<string> {
  const { renderMarkdown } = await import('./documentation-markdown.js');
  const body = renderMarkdown(markdown, folder);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Alter Vault</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<nav aria-label="Documentation"><a href="/docs">Documentation</a> · <a href="/docs/errors">Errors</a> · <a href="/openapi.json">OpenAPI</a></nav>
<main>
${body}</main>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
