import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { artefactKeyOf, draftDossier, parseDossier, plotsOf, renderCard, uploadsOf, type BookPlan, type CardSource, type ModelCard, type ParsedDossier, type TrainedVersion } from '../../models/index.js';
import { parseVersionReport, type FeatureSpec } from '../../scoring/index.js';
import { accountIdentity } from '../support/local-account.js';
import { ARTEFACT_FILES, DOSSIER_FILE } from './files.js';
import { scorecardFiles } from './scorecard.js';

export interface VersionToWrite {
  readonly trained: TrainedVersion;
  readonly book: BookPlan;
  /** The specs as they were given, to train with again. */
  readonly specs: readonly FeatureSpec[];
  /** Where the loans come from, in words. */
  readonly source: string;
  readonly modelCard: ModelCard;
}

export interface WrittenVersion {
  readonly folder: string;
  readonly dossierDigest: string;
  readonly rows: { readonly training: number; readonly holdout: number };
  readonly metrics: ParsedDossier['dossier']['metrics'];
  readonly comparison?: ParsedDossier['dossier']['comparison'];
}

/** Writes a version folder, the dossier last: a folder without one is no version yet. */
export async function writeVersion(folder: string, version: VersionToWrite): Promise<WrittenVersion> {
  const { trained, book, source, modelCard } = version;
  // Who trained it stands in the dossier, so that whoever registers the folder can name them.
  const parsed = parseDossier(JSON.stringify(draftDossier({ ...book, trained, source, modelCard, trainedBy: accountIdentity().name })));
  for (const [name, bytes] of Object.entries(await filesOf(version, parsed))) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
  await writeFile(join(folder, DOSSIER_FILE), parsed.canonical);
  const { metrics, comparison } = parsed.dossier;
  return { folder, dossierDigest: parsed.digest, rows: trained.bundle.report.rows, metrics, ...(comparison && { comparison }) };
}

async function filesOf(version: VersionToWrite, parsed: ParsedDossier): Promise<Record<string, Uint8Array | string>> {
  const { trained: { bundle }, specs } = version;
  const artefacts = uploadsOf(bundle).map(({ name, bytes }) => [ARTEFACT_FILES[artefactKeyOf(name)], bytes] as const);
  const card = cardSource(version, parsed);
  const plots = await plotsOf(card);
  const { scorecard } = bundle.report;
  return {
    ...Object.fromEntries(artefacts),
    'features.json': `${JSON.stringify(specs, null, 2)}\n`,
    ...(scorecard && scorecardFiles(scorecard)),
    ...Object.fromEntries(plots.map(({ name, svg = '' }) => [`plots/${name}.svg`, svg])),
    'index.html': await renderCard(card, 'HTML', plots),
  };
}

/** The model card of a version that nobody has registered; whoever trained it may see how groups fare. */
function cardSource({ trained: { bundle }, source, specs }: VersionToWrite, { dossier, digest }: ParsedDossier): CardSource {
  const report = bundle.artefacts.find(({ name }) => name === 'report');
  const read = report && parseVersionReport(JSON.parse(new TextDecoder().decode(report.bytes)));
  return { language: 'en', title: source, dossier, digest, report: read, specs, governance: undefined, showsGroups: true };
}
