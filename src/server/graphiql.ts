import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import type { ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));

/** Everything the page needs comes from installed packages: no content network, nothing fetched from elsewhere. */
const FILES: Readonly<Record<string, { path: () => string; type: string }>> = {
  '/graphiql/react.js': { path: () => join(folderOf('react'), 'umd/react.production.min.js'), type: 'text/javascript' },
  '/graphiql/react-dom.js': { path: () => join(folderOf('react-dom'), 'umd/react-dom.production.min.js'), type: 'text/javascript' },
  '/graphiql/graphiql.js': { path: () => join(folderOf('graphiql'), 'graphiql.min.js'), type: 'text/javascript' },
  '/graphiql/graphiql.css': { path: () => join(folderOf('graphiql'), 'graphiql.min.css'), type: 'text/css' },
};

const START = `
const headers = location.hash.startsWith('#token=') ? JSON.stringify({ Authorization: 'Bearer ' + location.hash.slice(7) }, null, 2) : undefined;
if (headers) history.replaceState(null, '', location.pathname);
const fetcher = GraphiQL.createFetcher({ url: '/graphql', subscriptionUrl: location.origin.replace('http', 'ws') + '/graphql' });
const props = { fetcher, shouldPersistHeaders: false, defaultEditorToolsVisibility: 'headers', defaultQuery: window.ASSAY_QUERY };
if (headers) props.headers = headers;
ReactDOM.createRoot(document.getElementById('graphiql')).render(React.createElement(GraphiQL, props));
`;

const FIRST_QUERY = `# Assay. Put a token under "Headers": { "Authorization": "Bearer <token>" }
# Then ask who you are and see the latest predictions.
{
  me { name roles permissions { name allows } }
  predictions(first: 5) {
    edges { node { id status decision grade pd reasons { text } createdAt } }
  }
}
`;

const SCRIPT = `window.ASSAY_QUERY = ${JSON.stringify(FIRST_QUERY)};${START}`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Assay · GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/graphiql/graphiql.css">
<style>html, body, #graphiql { height: 100%; margin: 0 }</style>
</head>
<body>
<div id="graphiql">Loading…</div>
<script src="/graphiql/react.js"></script>
<script src="/graphiql/react-dom.js"></script>
<script src="/graphiql/graphiql.js"></script>
<script>${SCRIPT}</script>
</body>
</html>`;

const SCRIPT_HASH = createHash('sha256').update(SCRIPT).digest('base64');
const POLICY = `default-src 'self'; script-src 'self' 'sha256-${SCRIPT_HASH}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'`;

export function sendGraphiQL(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY });
  response.end(PAGE);
}

/** @returns whether the path is one of GraphiQL's files */
export function sendGraphiQLFile(path: string, response: ServerResponse): boolean {
  const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
  if (!file) return false;
  response.writeHead(200, { 'content-type': `${file.type}; charset=utf-8`, 'cache-control': 'public, max-age=3600' });
  createReadStream(file.path()).pipe(response);
  return true;
}
