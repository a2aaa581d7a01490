import { decodeGlobalId } from '../../src/platform/index.js';
import type { Tier } from '../../src/models/index.js';
import { comparedWith, smallVersion } from '../models/support.js';
import type { TestApp } from './app.js';
import type { TestClient } from './client.js';

export interface SmallModel {
  readonly modelId: string;
  readonly name: string;
}

export interface SmallDeployment extends SmallModel {
  readonly versionId: string;
  /** SHA-256 of the ONNX artefact. */
  readonly artefact: string;
}

const CHANGE_TIER = 'mutation ($input: ChangeTierInput!) { changeTier(input: $input) { proposal { id } } }';
const CONFIRM = 'mutation ($input: ConfirmProposalInput!) { confirmProposal(input: $input) { __typename } }';

/** Registers a model for a product of its own; two admins make it one of the lowest tier unless told otherwise. */
export async function registerSmallModel(app: TestApp, product: string, tier: Tier = 'LOW'): Promise<SmallModel> {
  const name = `Small model of ${product}`;
  const { registerModel } = await (await app.as('owner')).ok<{ registerModel: { model: { id: string } } }>(
    'mutation ($input: RegisterModelInput!) { registerModel(input: $input) { model { id } } }',
    { input: { name, purpose: 'tests', decisionPurpose: 'ORIGINATION', products: [product], horizonMonths: 12 } },
  );
  const modelId = registerModel.model.id;
  if (tier !== 'HIGH') {
    const { changeTier } = await (await app.as('admin')).ok<{ changeTier: { proposal: { id: string } } }>(CHANGE_TIER, { input: { modelId, tier, reason: 'Few loans.' } });
    await (await app.as('secondAdmin')).ok(CONFIRM, { input: { proposalId: changeTier.proposal.id, comment: 'Agreed.' } });
  }
  return { modelId, name };
}

type Options = NonNullable<Parameters<typeof smallVersion>[0]>;

export interface RegisteredVersion {
  readonly versionId: string;
  readonly dossierDigest: string;
  /** SHA-256 of the ONNX artefact. */
  readonly artefact: string;
}

/**
 * Registers a DRAFT: a logistic version with one feature (`principal`, unless told otherwise), compared with the champion of its model.
 * @param changes to its dossier
 */
export async function registerSmallVersion(app: TestApp, { modelId }: SmallModel, options: Options = {}, changes: object = {}): Promise<RegisteredVersion> {
  const version = await smallVersion(options);
  const owner = await app.as('owner');
  const { model: { liveVersion } } = await owner.ok<{ model: { liveVersion: { id: string } | null } }>('query ($id: ID!) { model(id: $id) { liveVersion { id } } }', { id: modelId });
  const { artefacts, dossier } = liveVersion ? comparedWith(version, decodeGlobalId(liveVersion.id).id) : version;
  for (const { sha256, bytes } of Object.values(artefacts)) await owner.send(`/artifacts/${sha256}`, { method: 'PUT', body: bytes as Uint8Array<ArrayBuffer> });
  const { registerModelVersion: { modelVersion } } = await owner.ok<{ registerModelVersion: { modelVersion: { id: string; dossier: { digest: string } } } }>(
    'mutation ($input: RegisterModelVersionInput!) { registerModelVersion(input: $input) { modelVersion { id dossier { digest } } } }',
    { input: { modelId, dossier: JSON.stringify({ ...dossier, ...changes }) } },
  );
  return { versionId: modelVersion.id, dossierDigest: modelVersion.dossier.digest, artefact: artefacts.onnx.sha256 };
}

export const submit = async (app: TestApp, versionId: string): Promise<unknown> =>
  (await app.as('owner')).ok('mutation ($input: SubmitModelVersionInput!) { submitModelVersion(input: $input) { __typename } }', { input: { versionId } });

export const APPROVE = 'mutation ($input: ApproveModelVersionInput!) { approveModelVersion(input: $input) { modelVersion { state } } }';

/** The vote of an admin for a registered version. */
export const ballot = ({ versionId, dossierDigest }: RegisteredVersion): { input: object } => ({ input: { versionId, dossierDigest, comment: 'Sound.' } });

/** Takes a small version through its life until it is approved. */
export async function approveSmallVersion(app: TestApp, model: SmallModel, options: Options = {}): Promise<SmallDeployment> {
  const version = await registerSmallVersion(app, model, options);
  const { versionId, artefact } = version;
  await submit(app, versionId);
  await waiveFailures(app, versionId);
  await (await app.as('admin')).ok(APPROVE, ballot(version));
  return { ...model, versionId, artefact };
}

/** What fails is waived for a day, by two people who did not make the version; most small versions pass. */
export async function waiveFailures(app: TestApp, versionId: string): Promise<void> {
  const [validator, admin] = await Promise.all([app.as('validator'), app.as('admin')]);
  const { modelVersion } = await admin.ok<{ modelVersion: { gates: { gate: string; verdict: string }[] } }>('query ($id: ID!) { modelVersion(id: $id) { gates { gate verdict } } }', { id: versionId });
  for (const { gate } of modelVersion.gates.filter(({ verdict }) => verdict === 'FAIL')) {
    const input = { versionId, gate, reason: 'Only a test.', expiresAt: new Date(Date.now() + 86_400_000).toISOString() };
    const { waiveGate } = await validator.ok<{ waiveGate: { proposal: { id: string } } }>('mutation ($input: WaiveGateInput!) { waiveGate(input: $input) { proposal { id } } }', { input });
    await admin.ok(CONFIRM, { input: { proposalId: waiveGate.proposal.id, comment: 'Agreed.' } });
  }
}

/** @returns the id of the deployment */
export async function deploy(admin: TestClient, versionId: string): Promise<string> {
  const { deployModelVersion } = await admin.ok<{ deployModelVersion: { deployment: { id: string } } }>(
    'mutation ($input: DeployModelVersionInput!) { deployModelVersion(input: $input) { deployment { id } } }',
    { input: { versionId, reason: 'test' } },
  );
  return deployModelVersion.deployment.id;
}

export async function deploySmallModel(app: TestApp, product: string, options: Options = {}): Promise<SmallDeployment> {
  const version = await approveSmallVersion(app, await registerSmallModel(app, product), options);
  await deploy(await app.as('admin'), version.versionId);
  return version;
}

/** Changes one byte of a stored artefact, past the constraint that would not let even the owner do so. */
export async function damageArtefact(app: TestApp, sha256: string): Promise<void> {
  await app.sql('ALTER TABLE artefacts DROP CONSTRAINT IF EXISTS artefacts_check');
  await app.sql(`UPDATE artefacts SET bytes = set_byte(bytes, 60, (get_byte(bytes, 60) + 1) % 256) WHERE sha256 = decode($1, 'hex')`, [sha256]);
}
