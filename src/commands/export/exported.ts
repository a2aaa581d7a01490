import { z } from 'zod';
import { parseDossier, type ParsedDossier } from '../../models/index.js';
import { badInput, notFound, sha256, type StageProgress } from '../../platform/index.js';
import type { Api } from '../support/api.js';
import { ARTEFACT_FILES, DOSSIER_FILE } from '../version-folder/files.js';

export const VOTES_FILE = 'votes.json';
export const SUMS_FILE = 'SHA256SUMS';

const person = z.object({ id: z.string(), name: z.string() });

/** What an export says of the votes: who made the version, and who voted on which dossier. */
export const votesShape = z.object({
  format: z.literal(1),
  model: z.object({ id: z.string(), name: z.string(), tier: z.string() }),
  version: z.object({ id: z.string(), number: z.int(), state: z.string() }),
  dossierDigest: z.string(),
  contributors: z.array(z.object({ part: z.string(), at: z.string(), user: person })),
  votes: z.array(z.object({ by: person, role: z.string(), verdict: z.string(), at: z.string(), dossierDigest: z.string(), comment: z.string() })),
});

export type ExportedVotes = z.infer<typeof votesShape>;

interface VersionAnswer {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly model: ExportedVotes['model'];
  readonly dossier: { readonly digest: string; readonly canonical: string };
  readonly contributors: ExportedVotes['contributors'];
  readonly approvals: ExportedVotes['votes'];
}

type CardName = 'enMarkdown' | 'enHtml' | 'zhMarkdown' | 'zhHtml';

const CARD_FILES: Readonly<Record<CardName, string>> = { enMarkdown: 'card.en.md', enHtml: 'card.en.html', zhMarkdown: 'card.zh.md', zhHtml: 'card.zh.html' };

const VERSION = `query Version($id: ID!) { modelVersion(id: $id) {
  id version state model { id name tier } dossier { digest canonical }
  contributors { part at user { id name } }
  approvals { by { id name } role verdict at dossierDigest comment }
} }`;

const CARDS = `query Cards($id: ID!) { modelVersion(id: $id) {
  enMarkdown: card(format: MARKDOWN, language: EN) enHtml: card(format: HTML, language: EN)
  zhMarkdown: card(format: MARKDOWN, language: ZH) zhHtml: card(format: HTML, language: ZH)
} }`;

export interface ExportedVersion {
  readonly id: string;
  readonly version: number;
  readonly model: string;
  readonly dossierDigest: string;
  /** By name; SHA256SUMS last. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * All of a version, as files that anyone can check: the dossier that votes sign byte for byte, every artefact it names,
 * the votes, the model cards, and the digests of all.
 * @throws NOT_FOUND; FORBIDDEN naming the permission that the dossier or an artefact needs
 */
export async function exportedVersion(api: Api, id: string, progress: StageProgress): Promise<ExportedVersion> {
  const { modelVersion: found } = await api.query<{ modelVersion: VersionAnswer | null }>(VERSION, { id });
  if (!found) throw notFound(`There is no model version ${id}.`);
  const parsed = parseDossier(found.dossier.canonical);
  const files = new Map<string, Uint8Array>([[DOSSIER_FILE, bytesOf(found.dossier.canonical)]]);
  for (const [name, bytes] of await artefactsOf(api, parsed, progress)) files.set(name, bytes);
  files.set(VOTES_FILE, bytesOf(`${JSON.stringify(votesOf(found), null, 2)}\n`));
  progress.update('model cards');
  const { modelVersion: cards } = await api.query<{ modelVersion: Readonly<Record<CardName, string>> }>(CARDS, { id });
  for (const [name, file] of Object.entries(CARD_FILES)) files.set(file, bytesOf(cards[name as CardName]));
  files.set('README.md', bytesOf(readme(found, [...files.keys()])));
  files.set(SUMS_FILE, bytesOf(sumsOf(files)));
  return { id: found.id, version: found.version, model: found.model.name, dossierDigest: parsed.digest, files };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function artefactsOf(api: Api, { dossier }: ParsedDossier, progress: StageProgress): Promise<[string, Uint8Array][]> {
  const named = Object.entries(dossier.artefacts) as [keyof typeof ARTEFACT_FILES, string][];
  const artefacts: [string, Uint8Array][] = [];
  for (const [key, digest] of named) {
    progress.advance(artefacts.length, named.length, 'artefacts');
    const bytes = await api.getArtefact(digest);
    const received = sha256(bytes).toString('hex');
    if (received !== digest) throw badInput(`The artefact ${digest} arrived with the digest ${received}. Something on the way changed it: try again.`);
    artefacts.push([ARTEFACT_FILES[key], bytes]);
  }
  return artefacts;
}

const votesOf = ({ id, version, state, model, dossier, contributors, approvals }: VersionAnswer): ExportedVotes => ({
  format: 1,
  model,
  version: { id, number: version, state },
  dossierDigest: dossier.digest,
  contributors,
  votes: approvals,
});

const sumsOf = (files: ReadonlyMap<string, Uint8Array>): string => [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, bytes]) => `${sha256(bytes).toString('hex')}  ${name}\n`).join('');

const readme = ({ version, dossier }: VersionAnswer, names: readonly string[]): string => `# A model version and its dossier

Version ${version} of a model, as exported from Assay: ${names.join(', ')}.

Check it with nothing of Assay installed:

\`\`\`sh
sha256sum -c ${SUMS_FILE}       # every file is the one that was exported
sha256sum ${DOSSIER_FILE}       # ${dossier.digest}
\`\`\`

The second digest is the one that every vote in ${VOTES_FILE} signed. ${DOSSIER_FILE} is canonical JSON (RFC 8785) and names each
artefact by its SHA-256, under \`artefacts\`: ${Object.entries(ARTEFACT_FILES).map(([key, file]) => `\`${key}\` is ${file}`).join(', ')}.

With Assay, \`assay verify --folder .\` checks all of this, and scores the parity sample again.
`;
