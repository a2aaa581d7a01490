import type { Upload } from '../models/index.js';
import type { StageProgress } from '../platform/index.js';
import type { Book } from './book.js';
import type { Client } from './client.js';
import type { Clients } from './clients.js';
import { GRANTED, PEOPLE, type PersonName } from './people.js';

export interface DeployedVersion {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly dossierDigest: string;
  readonly model: string;
}

/** The keeper of roles grants what the token roles need beside them, once. */
export async function grantRoles({ accessAdmin }: Clients, issuer: string): Promise<void> {
  for (const name of GRANTED) {
    const { subject, name: fullName, roles } = PEOPLE[name];
    const { users } = await accessAdmin.query<{ users: { edges: { node: { name: string; grants: { role: string; validTo: string | null }[] } }[] } }>(
      'query { users(first: 200) { edges { node { name grants { role validTo } } } } }',
    );
    const held = users.edges.some(({ node }) => node.name === fullName && node.grants.some(({ role, validTo }) => role === roles[0] && validTo === null));
    if (held) continue;
    await accessAdmin.query('mutation Grant($input: GrantRoleInput!) { grantRole(input: $input) { grant { id } } }', {
      input: { identity: { issuer, subject, name: fullName }, role: roles[0], reason: 'Takes part in the demonstration.' },
    });
  }
}

const VERSION = 'modelVersion { id version state dossier { digest } model { name } }';

interface VersionAnswer {
  readonly modelVersion: { id: string; version: number; state: string; dossier: { digest: string }; model: { name: string } };
}

/** Registers model and version: uploads the artefacts by their digests, then hands in the dossier that names them. */
export async function registerVersion({ owner }: Clients, { model }: Book, uploads: readonly Upload[], dossier: unknown): Promise<DeployedVersion> {
  const { registerModel } = await owner.query<{ registerModel: { model: { id: string } } }>(
    'mutation Model($input: RegisterModelInput!) { registerModel(input: $input) { model { id } } }',
    { input: { ...model, decisionPurpose: 'ORIGINATION', tier: 'HIGH', requestId: `demo model ${model.name}` } },
  );
  for (const { sha256, bytes } of uploads) await owner.putArtefact(sha256, bytes);
  const { registerModelVersion } = await owner.query<{ registerModelVersion: VersionAnswer }>(
    `mutation Version($input: RegisterModelVersionInput!) { registerModelVersion(input: $input) { ${VERSION} } }`,
    { input: { modelId: registerModel.model.id, dossier: JSON.stringify(dossier) } },
  );
  return toVersion(registerModelVersion);
}

/** Takes a registered version through its life: submitted, validated and approved by different people, then deployed. */
export async function approveAndDeploy(clients: Clients, version: DeployedVersion, progress: StageProgress): Promise<DeployedVersion> {
  const act = async (person: PersonName, mutation: string, input: Record<string, unknown>): Promise<void> => {
    const name = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}`;
    await clients[person].query(`mutation Act($input: ${name}Input!) { ${mutation}(input: $input) { __typename } }`, { input: { versionId: version.id, ...input } });
    progress.update(`${PEOPLE[person].name}: ${mutation}`);
  };
  const { dossierDigest } = version;
  await act('owner', 'submitModelVersion', {});
  await act('validator', 'validateModelVersion', { verdict: 'FOR', dossierDigest, comment: 'Parity, hold-out metrics and data fingerprint checked.' });
  await act('admin', 'approveModelVersion', { dossierDigest, comment: 'Fit for its purpose.' });
  await act('secondAdmin', 'approveModelVersion', { dossierDigest, comment: 'Read independently; agreed.' });
  await act('admin', 'deployModelVersion', { reason: 'First champion of the demonstration.' });
  return readVersion(clients.auditor, version.id);
}

export async function readVersion(auditor: Client, id: string): Promise<DeployedVersion> {
  return toVersion(await auditor.query<VersionAnswer>(`query Version($id: ID!) { ${VERSION.replace('modelVersion', 'modelVersion(id: $id)')} }`, { id }));
}

const toVersion = ({ modelVersion: { id, version, state, dossier, model } }: VersionAnswer): DeployedVersion => ({
  id,
  version,
  state,
  dossierDigest: dossier.digest,
  model: model.name,
});
