import type { Tier } from '../../src/models/index.js';
import { smallVersion } from '../models/support.js';
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

/** Registers a model, of the lowest tier unless told otherwise, for a product of its own. */
export async function registerSmallModel(app: TestApp, product: string, tier: Tier = 'LOW'): Promise<SmallModel> {
  const name = `Small model of ${product}`;
  const { registerModel } = await (await app.as('owner')).ok<{ registerModel: { model: { id: string } } }>(
    'mutation ($input: RegisterModelInput!) { registerModel(input: $input) { model { id } } }',
    { input: { name, purpose: 'tests', decisionPurpose: 'ORIGINATION', products: [product], horizonMonths: 12, tier } },
  );
  return { modelId: registerModel.model.id, name };
}

type Options = NonNullable<Parameters<typeof smallVersion>[0]>;

export interface SmallDraft extends SmallDeployment {
  /** SHA-256 of the dossier. */
  readonly digest: string;
}

/** Registers a logistic version with one feature (`principal`, unless told otherwise) as a draft. */
export async function registerSmallVersion(app: TestApp, model: SmallModel, options: Options = {}): Promise<SmallDraft> {
  const { artefacts, dossier } = await smallVersion(options);
  const owner = await app.as('owner');
  for (const { sha256, bytes } of Object.values(artefacts)) await owner.send(`/artifacts/${sha256}`, { method: 'PUT', body: bytes as Uint8Array<ArrayBuffer> });
  const { registerModelVersion } = await owner.ok<{ registerModelVersion: { modelVersion: { id: string; dossier: { digest: string } } } }>(
    'mutation ($input: RegisterModelVersionInput!) { registerModelVersion(input: $input) { modelVersion { id dossier { digest } } } }',
    { input: { modelId: model.modelId, dossier: JSON.stringify(dossier) } },
  );
  const { id: versionId, dossier: { digest } } = registerModelVersion.modelVersion;
  return { ...model, versionId, digest, artefact: artefacts.onnx.sha256 };
}

export const submit = (owner: TestClient, versionId: string): Promise<unknown> =>
  owner.ok('mutation ($input: SubmitModelVersionInput!) { submitModelVersion(input: $input) { __typename } }', { input: { versionId } });

export const approve = (admin: TestClient, { versionId, digest }: SmallDraft): Promise<unknown> =>
  admin.ok('mutation ($input: ApproveModelVersionInput!) { approveModelVersion(input: $input) { __typename } }', { input: { versionId, dossierDigest: digest, comment: 'Sound.' } });

/** Takes such a version through its life until it is approved. */
export async function approveSmallVersion(app: TestApp, model: SmallModel, options: Options = {}): Promise<SmallDeployment> {
  const draft = await registerSmallVersion(app, model, options);
  await submit(await app.as('owner'), draft.versionId);
  await approve(await app.as('admin'), draft);
  const { digest: _digest, ...version } = draft;
  return version;
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
