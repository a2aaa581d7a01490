import { internal, notFound, type Context } from '../../platform/index.js';
import type { Language } from '../../scoring/index.js';
import { demand, may } from '../../security/index.js';
import { dossiersOfVersion, featureSchemasOfVersion } from '../evidence.queries.js';
import { modelsById, versionsById } from '../model.queries.js';
import { reportsOfVersion } from '../report/report.queries.js';
import { renderCard, type CardFormat } from './card.js';
import { governanceFacts } from './governance-facts.js';
import type { CardSource, GovernanceFacts } from './source.js';

export interface CardRequest {
  /** Row id of the version. */
  readonly versionId: string;
  readonly language: Language;
  readonly format: CardFormat;
}

export interface Card {
  readonly text: string;
  /** What to save it as; plain ASCII. */
  readonly fileName: string;
}

const ENDINGS: Readonly<Record<CardFormat, string>> = { MARKDOWN: 'md', HTML: 'html' };

/**
 * The model card of a registered version, as its reader may see it: without model:fairness it says nothing of groups.
 * @throws NOT_FOUND when there is no such version
 */
export async function cardOf(ctx: Context, { versionId, language, format }: CardRequest): Promise<Card> {
  demand(ctx, 'model:read');
  const source = await sourceOf(ctx, versionId, language);
  const { model, version } = source.governance;
  const name = model.name.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60).toLowerCase();
  return { text: await renderCard(source, format), fileName: `model-card-${name === '' ? 'model' : name}-v${version}.${language}.${ENDINGS[format]}` };
}

async function sourceOf(ctx: Context, versionId: string, language: Language): Promise<CardSource & { readonly governance: GovernanceFacts }> {
  const { loaders } = ctx;
  const version = await loaders.of(ctx, versionsById).load(versionId);
  if (!version) throw notFound('There is no such model version.');
  const [model, dossier, report, schema] = await Promise.all([
    loaders.of(ctx, modelsById).load(version.modelId), loaders.of(ctx, dossiersOfVersion).load(versionId), loaders.of(ctx, reportsOfVersion).load(versionId), loaders.of(ctx, featureSchemasOfVersion).load(versionId),
  ]);
  if (!model || !dossier) throw internal(`Model version ${versionId} has no model or no dossier.`);
  return {
    language,
    title: model.name,
    dossier: dossier.dossier,
    digest: version.dossierDigest,
    report,
    specs: schema?.features.map(({ spec }) => spec) ?? [],
    governance: await governanceFacts(ctx, model, version),
    showsGroups: may(ctx, 'model:fairness'),
  };
}
