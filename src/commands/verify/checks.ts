import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { artefactsOf, checksOf, parseDossier, type ArtefactBytes, type ParsedDossier, type VersionCheck } from '../../models/index.js';
import { badInput, messageOf, refused, sha256 } from '../../platform/index.js';
import { SUMS_FILE, VOTES_FILE, votesShape, type ExportedVotes } from '../export/exported.js';
import { DOSSIER_FILE, readVersionFolder } from '../version-folder/files.js';
import { readJson } from '../support/json-file.js';

/** What the checks find out one after the other; each relies on those before it. */
interface Found {
  parsed?: ParsedDossier;
}

/** The checks of an exported folder, in order. The first that fails says what is wrong. */
export async function* checksOfFolder(folder: string): AsyncGenerator<VersionCheck> {
  const found: Found = {};
  yield { name: 'sums', title: `Every file has its digest in ${SUMS_FILE}`, run: () => checkSums(folder) };
  yield { name: 'canonical', title: `${DOSSIER_FILE} is canonical JSON (RFC 8785)`, run: async () => checkCanonical(await readBytes(folder, DOSSIER_FILE), found) };
  yield { name: 'votes', title: 'The votes are for this dossier, and none is by a maker', run: async () => checkVotes(await votesIn(folder), found.parsed!.digest) };
  yield { name: 'artefacts', title: 'Every artefact that the dossier names is there', run: async () => `${(await readVersionFolder(folder)).uploads.length} artefacts` };
  yield* checksOf(found.parsed!.dossier, await artefactBytes(folder, found.parsed!));
}

const readBytes = (folder: string, name: string): Promise<Buffer> =>
  readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
    throw badInput(`${join(folder, name)}: ${error.code === 'ENOENT' ? 'is not there; name a folder that assay export has written' : `cannot be read: ${messageOf(error)}`}.`);
  });

const LINE = /^([0-9a-f]{64}) [ *]([^/\\]+)$/;

async function checkSums(folder: string): Promise<string> {
  const lines = (await readBytes(folder, SUMS_FILE)).toString('utf8').split('\n').filter((line) => line !== '');
  const listed = new Set<string>();
  for (const line of lines) {
    const [, digest, name] = LINE.exec(line) ?? [];
    if (digest === undefined || name === undefined) throw badInput(`${join(folder, SUMS_FILE)}: "${line.slice(0, 100)}" is not a digest and a file name.`);
    const actual = sha256(await readBytes(folder, name)).toString('hex');
    if (actual !== digest) throw refused(`${join(folder, name)}: its SHA-256 is ${actual}, but ${SUMS_FILE} says ${digest}. The file was changed after the export.`);
    listed.add(name);
  }
  const missing = [DOSSIER_FILE, VOTES_FILE].find((name) => !listed.has(name));
  if (missing !== undefined) throw refused(`${join(folder, SUMS_FILE)}: does not list ${missing}.`);
  return `${listed.size} files`;
}

/** The bytes themselves must be the canonical form: only then is their digest the one that was voted on. */
function checkCanonical(bytes: Buffer, found: Found): string {
  const parsed = parseDossier(decoded(bytes));
  if (!Buffer.from(parsed.canonical, 'utf8').equals(bytes)) throw refused(`${DOSSIER_FILE}: is not in canonical form (RFC 8785): its bytes are not those that were voted on.`);
  found.parsed = parsed;
  return `SHA-256 ${parsed.digest}`;
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badInput(`${DOSSIER_FILE}: is not UTF-8.`);
  }
}

async function votesIn(folder: string): Promise<ExportedVotes> {
  const { success, data, error } = votesShape.safeParse(await readJson(join(folder, VOTES_FILE)));
  if (success) return data;
  const [issue] = error.issues;
  throw badInput(`${join(folder, VOTES_FILE)}: ${issue?.path.join('.') || 'the document'}: ${issue?.message}.`);
}

function checkVotes({ dossierDigest, votes, contributors, version }: ExportedVotes, digest: string): string {
  if (dossierDigest !== digest) throw refused(`${VOTES_FILE}: tells of the dossier ${dossierDigest}, but ${DOSSIER_FILE} has the digest ${digest}.`);
  const makers = new Map(contributors.map(({ user, part }) => [user.id, part]));
  const seen = new Set<string>();
  for (const { by, dossierDigest: signed } of votes) {
    if (signed !== digest) throw refused(`${VOTES_FILE}: ${by.name} voted on the dossier ${signed}, not on ${digest}: that vote does not count.`);
    if (makers.has(by.id)) throw refused(`${VOTES_FILE}: ${by.name} voted, but had a part in making the version (${makers.get(by.id)}).`);
    if (seen.has(by.id)) throw refused(`${VOTES_FILE}: ${by.name} voted twice.`);
    seen.add(by.id);
  }
  const inFavour = votes.filter(({ verdict }) => verdict === 'FOR').length;
  return `${inFavour} for, ${votes.length - inFavour} against; version ${version.number} was ${version.state}`;
}

async function artefactBytes(folder: string, { dossier }: ParsedDossier): Promise<ArtefactBytes> {
  const bySum = new Map((await readVersionFolder(folder)).uploads.map(({ sha256: sum, bytes }) => [sum, bytes]));
  return new Map(artefactsOf(dossier).map(({ kind, sha256: sum }) => [kind, bySum.get(sum)!]));
}
