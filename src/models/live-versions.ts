import { internal, type Queryable } from '../platform/index.js';
import { loadScorer, parseFeatureSchema, parseReferenceSet, type DecisionPolicy, type FeatureSchema, type ReferenceSet, type Scorer } from '../scoring/index.js';
import type { ArtefactStore } from './artefact-store.js';
import { readDossier } from './dossier.js';
import { jsonOf } from './verify-version.js';

/** A version in memory, ready to score, explain and decide. */
export interface LoadedVersion {
  readonly versionId: string;
  readonly modelId: string;
  readonly version: number;
  readonly dossierDigest: string;
  /** SHA-256 of the ONNX artefact, hexadecimal. */
  readonly artefactDigest: string;
  /** SHA-256 of the reference set, from which attributions are measured. */
  readonly referenceDigest: string;
  readonly scorer: Scorer;
  readonly schema: FeatureSchema;
  readonly reference: ReferenceSet;
  readonly policy: DecisionPolicy;
}

interface VersionFile {
  readonly modelId: string;
  readonly version: number;
  readonly dossier: string;
  readonly dossierDigest: string;
}

const MOST_LOADED = 16;

/**
 * Versions loaded from their artefacts, every digest checked. The least recently used are let go; a let-go scorer may
 * still be running for someone, so its memory is freed by the garbage collector and only `close` disposes at once.
 */
export class LiveVersions {
  private readonly loaded = new Map<string, Promise<LoadedVersion>>();

  constructor(
    private readonly store: ArtefactStore,
    private readonly most = MOST_LOADED,
  ) {}

  /** Concurrent callers share one load; a failed load is tried again by the next caller. */
  load(db: Queryable, versionId: string): Promise<LoadedVersion> {
    const known = this.loaded.get(versionId);
    this.loaded.delete(versionId);
    const version = known ?? this.read(db, versionId);
    this.loaded.set(versionId, version);
    if (!known) version.catch(() => this.drop(versionId, version));
    if (this.loaded.size > this.most) this.loaded.delete(this.loaded.keys().next().value!);
    return version;
  }

  async close(): Promise<void> {
    const versions = await Promise.allSettled(this.loaded.values());
    this.loaded.clear();
    await Promise.all(versions.map((result) => (result.status === 'fulfilled' ? result.value.scorer.dispose() : undefined)));
  }

  private drop(versionId: string, version: Promise<LoadedVersion>): void {
    if (this.loaded.get(versionId) === version) this.loaded.delete(versionId);
  }

  private async read(db: Queryable, versionId: string): Promise<LoadedVersion> {
    const [file] = await db.query<VersionFile>(
      `SELECT model_id AS "modelId", version, dossier, encode(dossier_digest, 'hex') AS "dossierDigest" FROM model_versions WHERE id = $1`,
      [versionId],
    );
    if (!file) throw internal(`Model version ${versionId} is deployed but not recorded.`);
    const { artefacts, decisionPolicy: policy } = readDossier(file.dossier, file.dossierDigest);
    const bytes = (digest: string, what: string): Promise<Buffer> => this.store.demand(db, digest, what);
    const schema = parseFeatureSchema(jsonOf(await bytes(artefacts.featureSchema, 'feature schema'), 'feature schema'));
    const reference = parseReferenceSet(jsonOf(await bytes(artefacts.referenceSet, 'reference set'), 'reference set'), schema);
    const scorer = await loadScorer({ onnx: await bytes(artefacts.onnx, 'ONNX model'), schema });
    const { modelId, version, dossierDigest } = file;
    const digests = { dossierDigest, artefactDigest: artefacts.onnx, referenceDigest: artefacts.referenceSet };
    return { versionId, modelId, version, ...digests, scorer, schema, reference, policy };
  }
}
