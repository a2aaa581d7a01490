import { decodeGlobalId } from '../../src/platform/index.js';
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

/** Registers a model of the lowest tier, for a product of its own. */
export async function registerSmallModel(app: TestApp, product: string): Promise<SmallModel> {
  const name = `Small model of ${product}`;
  const { registerModel } = await (await app.as('owner')).ok<{ registerModel: { model: { id: string } } }>(
    'mutation ($input: RegisterModelInput!) { registerModel(input: $input) { model { id } } }',
    { input: { name, purpose: 'tests', decisionPurpose: 'ORIGINATION', products: [product], horizonMonths: 12, tier: 'LOW' } },
  );
  return { modelId: registerModel.model.id, name };
}

type Options = NonNullable<Parameters<typeof smallVersion>[0]>;

/** Takes a logistic version with one feature (`principal`, unless told otherwise) through its life until it is approved. */
export async function approveSmallVersion(app: TestApp, model: SmallModel, options: Options = {}): Promise<SmallDeployment> {
  const { artefacts, dossier: alone } = await smallVersion(options);
  const [owner, admin] = await Promise.all([app.as('owner'), app.as('admin')]);
  const { model: { liveVersion } } = await owner.ok<{ model: { liveVersion: { id: string } | null } }>('query ($id: ID!) { model(id: $id) { liveVersion { id } } }', { id: model.modelId });
  const dossier = liveVersion ? comparedWith(alone, decodeGlobalId(liveVersion.id).id) : alone;
  for (const { sha256, bytes } of Object.values(artefacts)) await owner.send(`/artifacts/${sha256}`, { method: 'PUT', body: bytes as Uint8Array<ArrayBuffer> });
  const { registerModelVersion } = await owner.ok<{ registerModelVersion: { modelVersion: { id: string; dossier: { digest: string } } } }>(
    'mutation ($input: RegisterModelVersionInput!) { registerModelVersion(input: $input) { modelVersion { id dossier { digest } } } }',
    { input: { modelId: model.modelId, dossier: JSON.stringify(dossier) } },
  );
  const { id: versionId, dossier: { digest } } = registerModelVersion.modelVersion;
  await owner.ok('mutation ($input: SubmitModelVersionInput!) { submitModelVersion(input: $input) { __typename } }', { input: { versionId } });
  await waiveFailures(app, versionId);
  await admin.ok('mutation ($input: ApproveModelVersionInput!) { approveModelVersion(input: $input) { __typename } }', { input: { versionId, dossierDigest: digest, comment: 'Sound.' } });
  return { ...model, versionId, artefact: artefacts.onnx.sha256 };
}

/** What fails is waived for a day, by two people who did not make the version; most small versions pass. */
export async function waiveFailures(app: TestApp, versionId: string): Promise<void> {
  const [validator, admin] = await Promise.all([app.as('validator'), app.as('admin')]);
  const { modelVersion } = await admin.ok<{ modelVersion: { gates: { gate: string; verdict: string }[] } }>('query ($id: ID!) { modelVersion(id: $id) { gates { gate verdict } } }', { id: versionId });
  for (const { gate } of modelVersion.gates.filter(({ verdict }) => verdict === 'FAIL')) {
    const input = { versionId, gate, reason: 'Only a test.', expiresAt: new Date(Date.now() + 86_400_000).toISOString() };
    const { waiveGate } = await validator.ok<{ waiveGate: { proposal: { id: string } } }>('mutation ($input: WaiveGateInput!) { waiveGate(input: $input) { proposal { id } } }', { input });
    await admin.ok('mutation ($input: ConfirmProposalInput!) { confirmProposal(input: $input) { __typename } }', { input: { proposalId: waiveGate.proposal.id, comment: 'Agreed.' } });
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
