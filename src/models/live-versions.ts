import { internal, type Logger, type Queryable } from '../platform/index.js';
import { loadRuntime, parseFeatureSchema, parseReferenceSet, type DecisionPolicy, type FeatureSchema, type ReferenceSet, type RuntimeName, type Scorer } from '../scoring/index.js';
import type { ArtefactStore } from './artefact-store.js';
import { readDossier } from './dossier.js';
import { storedVersion, versionFile, type StoredVersion } from './stored-version.js';
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
  /** SHA-256 of the feature schema: what one version was given, another of the same schema may be given too. */
  readonly schemaDigest: string;
  readonly scorer: Scorer;
  readonly schema: FeatureSchema;
  readonly reference: ReferenceSet;
  readonly policy: DecisionPolicy;
}

/** Versions kept for replays beside those that are deployed. */
const MOST_BESIDE = 16;

/** For so long a challenger that could not be loaded is not tried again: whoever decides must not wait for it each time. */
const BROKEN_MILLISECONDS = 10_000;

const DEPLOYED = 'SELECT DISTINCT version_id AS id FROM deployments WHERE valid_to IS NULL OR valid_to > clock_timestamp()';

/**
 * Versions loaded from their artefacts, once for the process, every digest checked. Those that are deployed stay; of
 * the others the least recently used are let go. A let-go scorer may still be running for someone, so its memory is
 * freed by the garbage collector and only `close` disposes at once.
 */
export class LiveVersions {
  private readonly loaded = new Map<string, Promise<LoadedVersion>>();
  private readonly broken = new Map<string, { error: unknown; until: number }>();
  private deployed: ReadonlySet<string> = new Set();

  constructor(
    private readonly store: ArtefactStore,
    private readonly runtime: RuntimeName = 'onnx',
    private readonly mostBeside = MOST_BESIDE,
  ) {}

  /**
   * Loads and rehearses every version that is deployed, so that no request waits for it. One that cannot be loaded is
   * logged and stops nothing else; scoring with it fails, and is recorded as failed, until it can be.
   */
  async warm(db: Queryable, log: Logger): Promise<void> {
    const start = performance.now();
    const ids = (await db.query<{ id: string }>(DEPLOYED)).map(({ id }) => id);
    this.deployed = new Set(ids);
    let broken = 0;
    for (const versionId of ids) {
      // One after the other: two models in the making need twice the memory of one.
      await this.load(db, versionId).catch((err: unknown) => {
        broken += 1;
        log.error({ err, versionId }, 'a deployed version cannot be loaded; nothing is scored with it');
      });
    }
    log.info({ versions: ids.length - broken, broken, milliseconds: Math.round(performance.now() - start) }, 'deployed versions are loaded');
  }

  /** Concurrent callers share one load; a failed load is tried again by the next caller. */
  load(db: Queryable, versionId: string): Promise<LoadedVersion> {
    const known = this.loaded.get(versionId);
    this.loaded.delete(versionId);
    const version = known ?? this.read(db, versionId);
    this.loaded.set(versionId, version);
    if (!known) version.catch(() => this.drop(versionId, version));
    this.letGo();
    return version;
  }

  /** The same for a challenger: after a failure everybody is told the same for a while, without another try. */
  async loadBeside(db: Queryable, versionId: string): Promise<LoadedVersion> {
    const failure = this.broken.get(versionId);
    if (failure && failure.until > Date.now()) throw failure.error;
    this.broken.delete(versionId);
    return this.load(db, versionId).catch((error: unknown) => {
      this.broken.set(versionId, { error, until: Date.now() + BROKEN_MILLISECONDS });
      throw error;
    });
  }

  /** What is stored of a version, read and checked anew. */
  stored(db: Queryable, versionId: string): Promise<StoredVersion> {
    return storedVersion(db, this.store, versionId, this.runtime);
  }

  async close(): Promise<void> {
    const versions = await Promise.allSettled(this.loaded.values());
    this.loaded.clear();
    await Promise.all(versions.map((result) => (result.status === 'fulfilled' ? result.value.scorer.dispose() : undefined)));
  }

  private letGo(): void {
    const beside = [...this.loaded.keys()].filter((id) => !this.deployed.has(id));
    for (const id of beside.slice(0, Math.max(0, beside.length - this.mostBeside))) this.loaded.delete(id);
  }

  private drop(versionId: string, version: Promise<LoadedVersion>): void {
    if (this.loaded.get(versionId) === version) this.loaded.delete(versionId);
  }

  private async read(db: Queryable, versionId: string): Promise<LoadedVersion> {
    const file = await versionFile(db, versionId);
    if (!file) throw internal(`Model version ${versionId} is deployed but not recorded.`);
    const { artefacts, decisionPolicy: policy } = readDossier(file.dossier, file.dossierDigest);
    const bytes = (digest: string, what: string): Promise<Buffer> => this.store.demand(db, digest, what);
    const schema = parseFeatureSchema(jsonOf(await bytes(artefacts.featureSchema, 'feature schema'), 'feature schema'));
    const reference = parseReferenceSet(jsonOf(await bytes(artefacts.referenceSet, 'reference set'), 'reference set'), schema);
    const onnx = await bytes(artefacts.onnx, 'ONNX model');
    const layersModel = this.runtime === 'tensorflow' && artefacts.layersModel !== undefined ? await bytes(artefacts.layersModel, 'LayersModel') : undefined;
    const scorer = await loadRuntime(this.runtime, { onnx, layersModel, schema });
    const { modelId, version, dossierDigest } = file;
    const digests = { dossierDigest, artefactDigest: artefacts.onnx, referenceDigest: artefacts.referenceSet, schemaDigest: artefacts.featureSchema };
    return { versionId, modelId, version, ...digests, scorer, schema, reference, policy };
  }
}
