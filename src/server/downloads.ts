import type { ServerResponse } from 'node:http';
import { CARD_POLICY, cardOf, readArtefact, type ArtefactStore, type CardFormat } from '../models/index.js';
import { badInput, expectId, type Context } from '../platform/index.js';

const FORMATS: Readonly<Record<string, CardFormat>> = { md: 'MARKDOWN', html: 'HTML' };
const LANGUAGES = { en: 'en', zh: 'zh' } as const;
const TYPES: Readonly<Record<CardFormat, string>> = { MARKDOWN: 'text/markdown; charset=utf-8', HTML: 'text/html; charset=utf-8' };

/** What the URL says of `name`. @throws BAD_INPUT naming the choices */
function chosen<T>(query: URLSearchParams, name: string, choices: Readonly<Record<string, T>>, usual: string): T {
  const given = query.get(name) ?? usual;
  if (Object.hasOwn(choices, given)) return choices[given]!;
  throw badInput(`${name}=${given.slice(0, 40)}: give ${Object.keys(choices).join(' or ')}.`);
}

/** Answers GET /model-cards/{id}: a model card to be saved or shown. */
export async function sendCard(ctx: Context, response: ServerResponse, id: string, search: string): Promise<void> {
  const query = new URLSearchParams(search);
  const format = chosen(query, 'format', FORMATS, 'html');
  const { text, fileName } = await cardOf(ctx, { versionId: expectId(id, 'ModelVersion', false).id, format, language: chosen(query, 'language', LANGUAGES, 'en') });
  send(response, Buffer.from(text), { 'content-type': TYPES[format], 'content-disposition': `attachment; filename="${fileName}"` });
}

/** Answers GET /artifacts/{sha256} with the bytes. */
export async function sendArtefact(ctx: Context, store: ArtefactStore, response: ServerResponse, digest: string): Promise<void> {
  const bytes = await readArtefact(ctx, store, digest);
  send(response, bytes, { 'content-type': 'application/octet-stream', 'content-disposition': `attachment; filename="${digest}"` });
}

/** Nothing of it runs, is kept by a cache on the way, or is shown inside another page. */
function send(response: ServerResponse, bytes: Buffer, headers: Readonly<Record<string, string>>): void {
  response.writeHead(200, { ...headers, 'content-length': bytes.length, 'cache-control': 'no-store', 'content-security-policy': `${CARD_POLICY}; frame-ancestors 'none'; sandbox` });
  response.end(bytes);
}
