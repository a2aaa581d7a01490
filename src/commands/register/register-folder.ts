import type { DecisionPurpose } from '../../models/index.js';
import { badInput, decodeGlobalId, notFound } from '../../platform/index.js';
import type { Api } from '../support/api.js';
import type { VersionFolder } from '../version-folder/files.js';

/** A model that does not exist yet. */
export interface NewModelFlags {
  readonly products: readonly string[];
  readonly purpose: string;
  readonly decisionPurpose: DecisionPurpose;
  readonly horizonMonths: number;
}

export interface Registration {
  readonly folder: VersionFolder;
  /** Name or global id. */
  readonly model: string;
  /** Given: the model is made where there is none of that name. */
  readonly create: NewModelFlags | undefined;
  /** Who trained it, where that is not who registers it: ids of Users. */
  readonly trainedBy: readonly string[];
}

export interface RegisteredVersion {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly dossier: { readonly digest: string };
  readonly model: { readonly id: string; readonly name: string };
}

/**
 * Registers a trained version as a DRAFT: uploads the artefacts by their digests, then hands in the dossier that names
 * them. The registry loads them and checks parity again. The same folder may be handed in again after a failure.
 */
export async function registerFolder(api: Api, { folder, model, create, trainedBy }: Registration): Promise<RegisteredVersion> {
  const modelId = await modelIdOf(api, model, create);
  for (const { sha256, bytes } of folder.uploads) await api.putArtefact(sha256, bytes);
  const { registerModelVersion } = await api.query<{ registerModelVersion: { modelVersion: RegisteredVersion } }>(
    `mutation Register($input: RegisterModelVersionInput!) {
       registerModelVersion(input: $input) { modelVersion { id version state dossier { digest } model { id name } } }
     }`,
    { input: { modelId, dossier: JSON.stringify(folder.dossier), ...(trainedBy.length > 0 && { trainedBy }) } },
  );
  return registerModelVersion.modelVersion;
}

async function modelIdOf(api: Api, model: string, create: NewModelFlags | undefined): Promise<string> {
  const variables = isModelId(model) ? { id: model } : { name: model };
  const found = await api.query<{ model: { id: string } | null }>('query Model($id: ID, $name: String) { model(id: $id, name: $name) { id } }', variables);
  if (found.model) return found.model.id;
  if (create === undefined) throw notFound(`There is no model "${model}". Name one that is registered, or add --create with --product and --purpose.`);
  if (create.products.length === 0) throw badInput('--create needs the products that the model serves: --product credit-card, once for each.');
  const { registerModel } = await api.query<{ registerModel: { model: { id: string } } }>(
    'mutation Model($input: RegisterModelInput!) { registerModel(input: $input) { model { id } } }',
    { input: { name: model, ...create } },
  );
  return registerModel.model.id;
}

function isModelId(text: string): boolean {
  try {
    return decodeGlobalId(text).type === 'Model';
  } catch {
    return false;
  }
}
