import { canonicalJson, newId, sha256, type Context, type Database } from '../../src/platform/index.js';
import type { Role } from '../../src/security/index.js';
import { chooseReference, compileModel, encode, fitFeatureSchema, loadScorer, withNovelty, type DecisionPolicy, type FeatureSpec, type GatheredRecord } from '../../src/scoring/index.js';
import { ArtefactStore, CHANGE_POLICY, CHANGE_TIER, DeploymentService, FindingsService, Gates, InventoryService, LiveVersions, Measurements, ModelService, resumeKinds, Routes, StopService, VersionService, VoteService, WAIVE_GATE, type NewModel, type Tier } from '../../src/models/index.js';
import { openSuspension } from '../../src/models/deployments/suspension.queries.js';
import type { ResumePayload } from '../../src/models/deployments/resume.js';
import { GATE_NAMES, type GateName, type GateVerdict } from '../../src/models/gates/types.js';
import { fairnessOf } from '../../src/models/evidence-summary.js';
import type { TestDatabase } from '../support/database.js';
import { Keepers, personOf } from '../support/keepers.js';

export const records: GatheredRecord[] = Array.from({ length: 40 }, (_, i) => ({ customer: {}, loan: { principal: 1000 + 100 * i }, repayments: [] }));

export const artefact = (bytes: Uint8Array): { bytes: Uint8Array; sha256: string } => ({ bytes, sha256: sha256(bytes).toString('hex') });
export const jsonArtefact = (value: unknown) => artefact(Buffer.from(canonicalJson(value)));

const base64 = (values: Float32Array): string => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

export const PRINCIPAL: FeatureSpec = {
  name: 'principal', label: 'Amount', source: { path: 'loan.principal' }, type: 'numeric', missing: { rule: 'median' }, transform: 'standardise', reasonCode: 'AMOUNT',
};

interface SmallOptions {
  readonly weight?: number;
  readonly parityShift?: number;
  readonly spec?: FeatureSpec | undefined;
  readonly rows?: readonly GatheredRecord[];
  /** The report of its making; null: none. A sound one unless told otherwise. */
  readonly report?: SmallReport | null;
  readonly layersModel?: object;
  /** The share of the rows that may count as novel; without it nothing is learned of novelty. */
  readonly beyond?: number;
  readonly referWhen?: DecisionPolicy['referWhen'];
}

type SmallReport = Readonly<Record<string, unknown>> & {
  readonly importance?: object;
  readonly evaluation?: { readonly measuredOn?: string; readonly groups?: Parameters<typeof fairnessOf>[0]; readonly metrics?: Readonly<Record<string, unknown>> };
  readonly stability?: { readonly psi: number } | null;
  readonly quality?: { readonly findings: readonly { readonly severity: string }[]; readonly overrides?: readonly object[] };
};

/** A logistic model on one feature: logit = weight · x − 1, known in closed form. */
export async function smallVersion({ weight = 1, parityShift = 0, spec = PRINCIPAL, rows = records, report = soundReport(), layersModel, beyond, referWhen }: SmallOptions = {}) {
  const fitted = fitFeatureSchema([spec], rows);
  const vectorOf = (record: GatheredRecord): number => encode(fitted, record).vector[0]!;
  const schema = beyond === undefined ? fitted : withNovelty(fitted, Float32Array.from(rows, vectorOf), { beyond });
  const layer = { weights: new Float32Array([weight]), bias: new Float32Array([-1]), inputs: 1, units: 1 };
  const onnx = artefact(compileModel({ width: 1, members: [{ layers: [layer], bestEpoch: 1 }], calibration: { kind: 'platt', slope: 1, intercept: 0 } }));
  const encoded = rows.map((record) => encode(schema, record));
  const vectors = Float32Array.from(encoded.map(({ vector }) => vector[0]!));
  const pds = vectors.map((x) => 1 / (1 + Math.exp(1 - weight * x)));
  const policy = { version: 1, approveBelow: 0.4, declineFrom: 0.6, grades: [{ grade: 'A', below: 0.5 }, { grade: 'B', below: 1 }], ...(referWhen && { referWhen }) };
  const scorer = await loadScorer({ onnx: onnx.bytes, schema });
  const reference = await chooseReference(scorer, schema, { vectors, inputs: (row) => encoded[row]!.inputs, pds }, policy, 8, 1);
  await scorer.dispose();
  const parity = { rows: pds.length, maxAbsDifference: 0, bar: 1e-5, passed: true };
  const artefacts = {
    onnx,
    featureSchema: jsonArtefact(schema),
    referenceSet: jsonArtefact(reference.json),
    paritySample: jsonArtefact({ version: 1, width: 1, ...parity, backend: 'closed form', tfVersion: 'none', vectors: base64(vectors), probabilities: base64(pds.map((p) => p + parityShift)) }),
    ...(layersModel && { layersModel: jsonArtefact(layersModel) }),
    ...(report && { report: jsonArtefact(report) }),
  };
  return { artefacts, schema, report, dossier: { ...dossierJson, ...toldOf(report), artefacts: digestsOf(artefacts), decisionPolicy: policy, parity } };
}

/** What a dossier says of the measurement that its report tells of. */
function toldOf(report: SmallReport | null): Pick<typeof dossierJson, 'metrics' | 'explanation' | 'quality' | 'fairness'> {
  const { evaluation, stability, quality: found } = report ?? {};
  const { extra, ...metrics } = dossierJson.metrics;
  const measured = Object.fromEntries(Object.keys(metrics).map((name) => [name, evaluation?.metrics?.[name] ?? metrics[name as keyof typeof metrics]])) as typeof metrics;
  const { method, rows, residual95 } = { ...dossierJson.explanation, ...report?.importance };
  const count = (severity: string): number => (found?.findings ?? []).filter((finding) => finding.severity === severity).length;
  return {
    metrics: { ...measured, extra: { measuredOn: evaluation?.measuredOn ?? extra.measuredOn, psi: stability?.psi ?? extra.psi } },
    explanation: { method, rows, residual95 },
    quality: { high: count('HIGH'), medium: count('MEDIUM'), low: count('LOW'), overrides: [...(found?.overrides ?? [])] as never[] },
    fairness: fairnessOf(evaluation?.groups ?? {}) as typeof dossierJson.fairness,
  };
}

const inboundNodes = (name: string, times = 1): unknown[][] => [Array.from({ length: times }, () => [name, 0, 0, {}])];

/** The model of {@link smallVersion} as TensorFlow.js saves it; `between` are further layers, each on the one before. */
export function smallLayersModel({ weight = 1, between = [] }: { weight?: number; between?: readonly { class_name: string; inputs: number }[] } = {}): object {
  const names = ['x', ...between.map((_, i) => `between${i}`)];
  const layers = [
    { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_input_shape: [null, 1], dtype: 'float32' }, inbound_nodes: [] },
    ...between.map(({ class_name, inputs }, i) => ({ class_name, name: names[i + 1], config: { name: names[i + 1] }, inbound_nodes: inboundNodes(names[i]!, inputs) })),
    { class_name: 'Dense', name: 'pd', config: { name: 'pd', units: 1, activation: 'sigmoid', use_bias: true }, inbound_nodes: inboundNodes(names.at(-1)!) },
  ];
  return {
    modelTopology: { class_name: 'Model', config: { name: 'small', layers, input_layers: [['x', 0, 0]], output_layers: [['pd', 0, 0]] } },
    weightSpecs: [{ name: 'pd/kernel', shape: [1, 1], dtype: 'float32' }, { name: 'pd/bias', shape: [1], dtype: 'float32' }],
    weightData: base64(Float32Array.of(weight, -1)),
  };
}

const digestsOf = (artefacts: Record<string, { sha256: string }>): Record<string, string> =>
  Object.fromEntries(Object.entries(artefacts).map(([name, { sha256: digest }]) => [name, digest]));

/** A version that was compared with another one and found as good. */
export function comparedWith(version: SmallVersion, versionId: string): SmallVersion {
  const [champion, rows, test] = [`version (${versionId})`, 10, { aucA: 0.8, aucB: 0.8, standardError: 0.1, z: 0, p: 1 }];
  const { aucA: auc, aucB: championAuc, ...chance } = test;
  const report = jsonArtefact({ version: 1, ...version.report, comparison: { champion, rows, test } });
  const artefacts = { ...version.artefacts, report };
  return { ...version, artefacts, dossier: { ...version.dossier, artefacts: digestsOf(artefacts), comparison: { champion, rows, auc, championAuc, ...chance } } as SmallVersion['dossier'] };
}

const digest = 'ab'.repeat(32);

/** The report of a measurement that passes the gates; `changes` replace parts of it. */
export const soundReport = (changes: object = {}) => ({
  version: 1,
  evaluation: { measuredOn: 'holdout', metrics: MEASURED, groups: {} },
  importance: { method: 'linear', rows: 40, residual95: 0, features: [] },
  stability: { psi: 0.01 },
  quality: { findings: [], overrides: [] },
  ...changes,
});

/** All metrics that a report has. */
export const MEASURED = { rows: 10, bads: 2, threshold: 0.4, auc: 0.8, gini: 0.6, ks: 0.5, brier: 0.1, logLoss: 0.3, accuracy: 0.9, precision: 0.5, recall: 0.5, f1: 0.5, ece: 0.01 };

/** A dossier that parses and has what the gates look for; its artefacts are names only. */
export const dossierJson = {
  format: 1,
  artefacts: { onnx: digest, featureSchema: digest, referenceSet: digest, paritySample: digest },
  trainingData: { fingerprint: digest, rows: 40, defaults: 10, source: 'a test book' },
  split: { kind: 'seeded', trainRows: 40, holdoutRows: 10, seed: 1 },
  hyperParameters: { layers: [] },
  training: { backend: 'closed form', seed: 1, seconds: 0.5 },
  metrics: { rows: 10, auc: 0.8, gini: 0.6, ks: 0.5, brier: 0.1, precision: 0.5, recall: 0.5, f1: 0.5, ece: 0.01, extra: { measuredOn: 'holdout', psi: 0.01 } },
  parity: { rows: 40, maxAbsDifference: 0, bar: 1e-5, passed: true },
  decisionPolicy: { version: 1, approveBelow: 0.4, declineFrom: 0.6, grades: [{ grade: 'A', below: 1 }] },
  quality: { high: 0, medium: 0, low: 0, overrides: [] },
  fairness: { leastRatio: 0.8, attributes: [] },
  explanation: { method: 'linear', rows: 40, residual95: 0 },
  modelCard: { intendedUse: 'Tests.', limitations: 'Everything else.', ethics: 'Nobody is decided about.', contact: 'Whoever runs the tests.' },
};

/** An evaluation at which every gate passed but those that are named, by plain SQL with the application's role. */
export async function evaluateGates(db: Database, versionId: string, verdicts: Partial<Record<GateName, GateVerdict>> = {}, waiverId: string | null = null): Promise<void> {
  await db.transaction(async (tx) => {
    const id = newId();
    await tx.query(
      `INSERT INTO gate_evaluations (id, version_id, stage, dossier_digest, policy_version, by_user)
       SELECT $1, v.id, 'APPROVAL', v.dossier_digest, 1, v.registered_by FROM model_versions v WHERE v.id = $2`,
      [id, versionId],
    );
    for (const gate of GATE_NAMES) {
      const verdict = verdicts[gate] ?? 'PASS';
      await tx.query(`INSERT INTO gate_results (evaluation_id, gate, verdict, source, text, waiver_id) VALUES ($1, $2, $3, 'plain SQL', 'Said so.', $4)`, [id, gate, verdict, verdict === 'WAIVED' ? waiverId : null]);
    }
  });
}

export type SmallVersion = Awaited<ReturnType<typeof smallVersion>>;

/** The services of the room, and people who act: each a user of their own, with the roles in token and grants. */
export class Bank {
  readonly store = new ArtefactStore();
  readonly models = new ModelService();
  readonly gates = new Gates(new Measurements(this.store));
  readonly versions = new VersionService(this.store, this.gates);
  readonly votes = new VoteService(this.gates);
  readonly findings = new FindingsService();
  readonly inventory = new InventoryService();
  readonly deployments: DeploymentService;
  readonly stop: StopService;
  private tiers: Promise<[Context, Context]> | undefined;

  private constructor(
    readonly database: TestDatabase,
    readonly keepers: Keepers,
    readonly routes: Routes,
    readonly live: LiveVersions,
  ) {
    this.deployments = new DeploymentService(routes, live);
    this.stop = new StopService({ routes, versions: live });
  }

  static async open(database: TestDatabase): Promise<Bank> {
    const parts = { routes: new Routes(), versions: new LiveVersions(new ArtefactStore()) };
    return new Bank(database, await Keepers.of(database, [CHANGE_POLICY, WAIVE_GATE, CHANGE_TIER, ...resumeKinds(parts)]), parts.routes, parts.versions);
  }

  /** Lifts the suspension of a model, or of one of its versions: one proposes, another confirms. */
  async resume(modelId: string, versionId: string | null, [one, other]: readonly [Context, Context]): Promise<void> {
    const { proposals } = this.keepers;
    if (versionId === null) return proposals.confirm(other, await this.proposeResumption(one, modelId), 'Seen.');
    const suspension = (await openSuspension(this.database.db, modelId, versionId))?.id ?? null;
    await proposals.confirm(other, await proposals.propose(one, 'RESUME_VERSION', { subject: versionId, payload: { suspension }, reason: 'Mended.' }), 'Seen.');
  }

  /** Proposes to lift the suspension of a model, with what can be deployed now unless told otherwise. @returns the id of the proposal */
  async proposeResumption(by: Context, modelId: string, payload?: ResumePayload): Promise<string> {
    return this.keepers.proposals.propose(by, 'RESUME_MODEL', { subject: modelId, payload: payload ?? (await this.stop.resumption(by, modelId)), reason: 'Mended.' });
  }

  /** A person with these roles in the token, and in grants unless told otherwise. */
  async person(name: string, roles: readonly Role[], { granted = roles }: { granted?: readonly Role[] } = {}): Promise<Context> {
    const person = await personOf(this.database, name, roles);
    for (const role of granted) await this.keepers.give(person.actor.id, role);
    return person;
  }

  /** Registered, which makes it HIGH; two admins of their own give it another tier. */
  async newModel(owner: Context, tier: Tier = 'HIGH', changes: Partial<NewModel> = {}): Promise<string> {
    const name = `Model ${Math.random()}`;
    const id = await this.models.registerModel(owner, { name, purpose: 'PD', decisionPurpose: 'credit', products: ['credit-card'], horizonMonths: 12, ...changes });
    if (tier !== 'HIGH') await this.changeTier(id, tier);
    return id;
  }

  async changeTier(modelId: string, tier: Tier): Promise<void> {
    const { proposals } = this.keepers;
    const [one, other] = await (this.tiers ??= Promise.all([this.person('Tia', ['ADMIN']), this.person('Theo', ['ADMIN'])]));
    await proposals.confirm(other, await proposals.propose(one, 'CHANGE_TIER', { subject: modelId, payload: { tier }, reason: 'Few loans.' }), 'Agreed.');
  }

  async upload(ctx: Context, { artefacts }: SmallVersion): Promise<void> {
    for (const { sha256: name, bytes } of Object.values(artefacts)) await this.store.put(ctx, name, stream(bytes), 1_000_000);
  }

  async newVersion(owner: Context, modelId: string, version: SmallVersion): Promise<string> {
    const compared = await this.comparedFor(modelId, version);
    await this.upload(owner, compared);
    return this.versions.registerVersion(owner, { modelId, dossier: JSON.stringify(compared.dossier) });
  }

  /** Where the model has a champion, the version was compared with it. */
  async comparedFor(modelId: string, version: SmallVersion): Promise<SmallVersion> {
    const [champion] = await this.database.db.query<{ id: string }>(`SELECT version_id AS id FROM deployments WHERE model_id = $1 AND role = 'CHAMPION' AND valid_to IS NULL`, [modelId]);
    return champion ? comparedWith(version, champion.id) : version;
  }

  async submitted(owner: Context, tier: Tier, version: SmallVersion): Promise<{ modelId: string; versionId: string; dossierDigest: string }> {
    const modelId = await this.newModel(owner, tier);
    const versionId = await this.newVersion(owner, modelId, version);
    await this.versions.submit(owner, versionId);
    return { modelId, versionId, dossierDigest: (await this.version(versionId)).digest };
  }

  /** An approved version of a model of tier LOW. */
  async approved(owner: Context, admin: Context, modelId: string, version: SmallVersion): Promise<string> {
    const versionId = await this.newVersion(owner, modelId, version);
    await this.versions.submit(owner, versionId);
    await this.votes.vote(admin, 'APPROVE', { versionId, dossierDigest: (await this.version(versionId)).digest, comment: 'Sound.' });
    return versionId;
  }

  async version(id: string): Promise<{ state: string; digest: string; version: number }> {
    const [row] = await this.database.db.query<{ state: string; digest: string; version: number }>(
      `SELECT state, version, encode(dossier_digest, 'hex') AS digest FROM model_versions WHERE id = $1`,
      [id],
    );
    return row!;
  }

  /** The leaves waiting for the log about one thing or version, or of one type. */
  async leaves(where: { type: string } | { id: string } | { version: string }): Promise<Record<string, unknown>[]> {
    const rows = await this.database.db.query<{ leaf: Buffer }>(`SELECT leaf FROM audit_intake WHERE type <> 'ROW_WRITTEN' ORDER BY id`);
    const leaves = rows.map(({ leaf }) => JSON.parse(leaf.toString('utf8')) as Record<string, unknown>);
    return leaves.filter((leaf) => Object.entries(where).every(([key, value]) => leaf[key] === value));
  }
}

export async function* stream(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
