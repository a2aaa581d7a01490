import { messageOf, sha256, type Queryable } from '../platform/index.js';
import type { RuntimeName } from '../scoring/index.js';
import type { ArtefactStore } from './artefact-store.js';
import { parseDossier, type Dossier } from './dossier.js';

export interface VersionFile {
  readonly modelId: string;
  readonly version: number;
  readonly dossier: string;
  readonly dossierDigest: string;
}

/** The row of a version, as it is stored. */
export async function versionFile(db: Queryable, versionId: string): Promise<VersionFile | undefined> {
  const [file] = await db.query<VersionFile>(
    `SELECT model_id AS "modelId", version, dossier, encode(dossier_digest, 'hex') AS "dossierDigest" FROM model_versions WHERE id = $1`,
    [versionId],
  );
  return file;
}

/** A version whose stored bytes were checked just now, or what is wrong with them. */
export type StoredVersion =
  | { readonly state: 'SOUND'; readonly dossierDigest: string; readonly artefactDigest: string }
  | { readonly state: 'CHANGED' | 'ARTEFACT_MISSING' | 'ARTEFACT_CHANGED'; readonly problem: string };

/** Reads the dossier and the artefacts that scoring needs anew, and checks every digest: what is in memory may be older. */
export async function storedVersion(db: Queryable, store: ArtefactStore, versionId: string, runtime: RuntimeName): Promise<StoredVersion> {
  const file = await versionFile(db, versionId);
  if (!file) return { state: 'CHANGED', problem: `Model version ${versionId} is not recorded any more.` };
  if (sha256(file.dossier).toString('hex') !== file.dossierDigest) return { state: 'CHANGED', problem: `The stored dossier of version ${versionId} does not have its digest ${file.dossierDigest} any more.` };
  const { artefacts } = parseDossier(file.dossier).dossier;
  for (const [what, digest] of neededOf(artefacts, runtime)) {
    try {
      if ((await store.get(db, digest)) === undefined) return { state: 'ARTEFACT_MISSING', problem: `The ${what} ${digest} of version ${versionId} is not stored any more.` };
    } catch (error) {
      return { state: 'ARTEFACT_CHANGED', problem: messageOf(error) };
    }
  }
  return { state: 'SOUND', dossierDigest: file.dossierDigest, artefactDigest: artefacts.onnx };
}

const neededOf = ({ onnx, featureSchema, referenceSet, layersModel }: Dossier['artefacts'], runtime: RuntimeName): [what: string, digest: string][] => [
  ['ONNX model', onnx],
  ['feature schema', featureSchema],
  ['reference set', referenceSet],
  ...(runtime === 'tensorflow' && layersModel !== undefined ? [['LayersModel', layersModel] as [string, string]] : []),
];
