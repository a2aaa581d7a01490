import { cardOf, dossiersOfVersion, type CardFormat } from '../../models/index.js';
import { newContext, type Context } from '../../platform/index.js';
import type { Language } from '../../scoring/index.js';
import type { ExportedFile, ExportFolder } from './folder.js';

const CARDS: readonly (readonly [Language, CardFormat, string])[] = [['en', 'MARKDOWN', 'card.en.md'], ['en', 'HTML', 'card.en.html'], ['zh', 'MARKDOWN', 'card.zh.md'], ['zh', 'HTML', 'card.zh.html']];

/** Of each version the model cards, and the dossier byte for byte as it was voted on. */
export async function writeModels(ctx: Context, folder: ExportFolder, versions: readonly string[]): Promise<ExportedFile[]> {
  const files: ExportedFile[] = [];
  for (const versionId of versions) {
    const own = newContext({ db: ctx.db, log: ctx.log, actor: ctx.actor });
    const dossier = await own.loaders.of(own, dossiersOfVersion).load(versionId);
    if (dossier) files.push(await folder.write(`models/${versionId}/dossier.json`, [dossier.canonical]));
    for (const [language, format, name] of CARDS) files.push(await folder.write(`models/${versionId}/${name}`, [(await cardOf(own, { versionId, language, format })).text]));
  }
  return files;
}
