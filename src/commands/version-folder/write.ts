import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { artefactKeyOf, uploadsOf, type TrainedVersion } from '../../models/index.js';
import { canonicalJson } from '../../platform/index.js';
import type { FeatureSpec } from '../../scoring/index.js';
import { ARTEFACT_FILES, DOSSIER_FILE } from './files.js';
import { pageOf } from './page.js';

export interface VersionToWrite {
  readonly trained: TrainedVersion;
  readonly dossier: Readonly<Record<string, unknown>>;
  /** The specs as they were given, to train with again. */
  readonly specs: readonly FeatureSpec[];
  readonly title: string;
}

/** Writes a version folder, the dossier last: a folder without one is no version yet. */
export async function writeVersionFolder(folder: string, version: VersionToWrite): Promise<void> {
  for (const [name, bytes] of Object.entries(filesOf(version))) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
  await writeFile(join(folder, DOSSIER_FILE), `${canonicalJson(version.dossier)}\n`);
}

function filesOf(version: VersionToWrite): Record<string, Uint8Array | string> {
  const { trained, specs } = version;
  const artefacts = uploadsOf(trained.bundle).map(({ name, bytes }) => [ARTEFACT_FILES[artefactKeyOf(name)], bytes] as const);
  return {
    ...Object.fromEntries(artefacts),
    'features.json': `${JSON.stringify(specs, null, 2)}\n`,
    'index.html': pageOf(version),
  };
}
