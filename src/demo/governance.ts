import type { Upload } from '../models/index.js';
import { DAY, type StageProgress } from '../platform/index.js';
import type { Book } from './book.js';
import type { Client } from './client.js';
import type { Clients } from './clients.js';
import type { Runtime } from '../runtime.js';
import { nameFirstKeepers } from '../security/index.js';
import { GRANTED, KEEPERS, PEOPLE, type PersonName } from './people.js';

export interface DeployedVersion {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly dossierDigest: string;
  readonly model: string;
  /** Gates that it passes by waivers only. */
  readonly waived: readonly string[];
}

/** The installation names who keeps the roles; the two grant what the token roles need beside them, once. */
export async function grantRoles({ db, log }: Pick<Runtime, 'db' | 'log'>, clients: Clients, issuer: string): Promise<void> {
  await nameFirstKeepers(db, log, KEEPERS.map((keeper) => ({ issuer, subject: PEOPLE[keeper].subject, name: PEOPLE[keeper].name })));
  const held = await heldRoles(clients);
  for (const person of GRANTED) {
    const { subject, name, roles } = PEOPLE[person];
    if (held.has(`${name} ${roles[0]}`)) continue;
    const { grantRole } = await clients.accessAdmin.query<{ grantRole: { proposal: { id: string } | null } }>(
      'mutation Grant($input: GrantRoleInput!) { grantRole(input: $input) { proposal { id } } }',
      { input: { identity: { issuer, subject, name }, role: roles[0], reason: 'Takes part in the demonstration.' } },
    );
    if (grantRole.proposal) await confirm(clients.secondAccessAdmin, grantRole.proposal.id);
  }
}

async function heldRoles({ accessAdmin }: Clients): Promise<Set<string>> {
  const { users } = await accessAdmin.query<{ users: { edges: { node: { name: string; grants: { role: string; validTo: string | null }[] } }[] } }>(
    'query { users(first: 200) { edges { node { name grants { role validTo } } } } }',
  );
  return new Set(users.edges.flatMap(({ node }) => node.grants.filter(({ validTo }) => validTo === null).map(({ role }) => `${node.name} ${role}`)));
}

/** The second of four eyes. */
export const confirm = (second: Client, proposalId: string): Promise<unknown> =>
  second.query('mutation Confirm($input: ConfirmProposalInput!) { confirmProposal(input: $input) { proposal { state } } }', { input: { proposalId, comment: 'Agreed.' } });

const VERSION = 'modelVersion { id version state dossier { digest } model { name } waivers { gate inForce } }';

interface VersionAnswer {
  readonly modelVersion: { id: string; version: number; state: string; dossier: { digest: string }; model: { name: string }; waivers: { gate: string; inForce: boolean }[] };
}

/** What the inventory says of it. */
const USES = { permittedUse: 'To show what Assay does.', limits: 'Not for decisions about people.' };

/** Registers model and version: uploads the artefacts by their digests, then hands in the dossier that names them. */
export async function registerVersion({ owner }: Clients, { model }: Book, uploads: readonly Upload[], dossier: unknown): Promise<DeployedVersion> {
  const { registerModel } = await owner.query<{ registerModel: { model: { id: string } } }>(
    'mutation Model($input: RegisterModelInput!) { registerModel(input: $input) { model { id } } }',
    { input: { ...model, ...USES, decisionPurpose: 'ORIGINATION', requestId: `demo model ${model.name}` } },
  );
  for (const { sha256, bytes } of uploads) await owner.putArtefact(sha256, bytes);
  const { registerModelVersion } = await owner.query<{ registerModelVersion: VersionAnswer }>(
    `mutation Version($input: RegisterModelVersionInput!) { registerModelVersion(input: $input) { ${VERSION} } }`,
    { input: { modelId: registerModel.model.id, dossier: JSON.stringify(dossier) } },
  );
  return toVersion(registerModelVersion);
}

/** One step in the life of a version, and whose it is. */
export interface VersionStep {
  readonly person: PersonName;
  readonly mutation: string;
  readonly input: Record<string, unknown>;
}

/** From a draft to an approved version: submitted, validated and approved by different people. */
export const stepsToApproval = ({ dossierDigest }: Pick<DeployedVersion, 'dossierDigest'>): VersionStep[] => [
  { person: 'owner', mutation: 'submitModelVersion', input: {} },
  { person: 'validator', mutation: 'validateModelVersion', input: { verdict: 'FOR', dossierDigest, comment: 'Parity, hold-out metrics and data fingerprint checked.' } },
  { person: 'admin', mutation: 'approveModelVersion', input: { dossierDigest, comment: 'Fit for its purpose.' } },
  { person: 'secondAdmin', mutation: 'approveModelVersion', input: { dossierDigest, comment: 'Read independently; agreed.' } },
];

export async function takeStep(clients: Clients, { id }: Pick<DeployedVersion, 'id'>, { person, mutation, input }: VersionStep): Promise<void> {
  const name = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}`;
  await clients[person].query(`mutation Act($input: ${name}Input!) { ${mutation}(input: $input) { __typename } }`, { input: { versionId: id, ...input } });
}

/** Takes a registered version through its life, and deploys it. */
export async function approveAndDeploy(clients: Clients, version: DeployedVersion, progress: StageProgress): Promise<DeployedVersion> {
  const deploy: VersionStep = { person: 'admin', mutation: 'deployModelVersion', input: { reason: 'First champion of the demonstration.' } };
  for (const step of [...stepsToApproval(version), deploy]) {
    await takeStep(clients, version, step);
    progress.update(`${PEOPLE[step.person].name}: ${step.mutation}`);
    if (step.mutation === 'submitModelVersion') await waiveFailures(clients, version.id, progress);
  }
  return readVersion(clients.auditor, version.id);
}

interface GateAnswer {
  readonly gate: string;
  readonly verdict: string;
  readonly text: string;
}

const WAIVED_DAYS = 30;

/**
 * What a book of the demonstration is too small or too odd for is waived in the open, by a validator and an admin, for a
 * month: it stands on the version and on every prediction. What may not be waived stops the demonstration at the vote.
 */
export async function waiveFailures({ auditor, validator, admin }: Clients, versionId: string, progress: StageProgress): Promise<void> {
  const { modelVersion } = await auditor.query<{ modelVersion: { gates: GateAnswer[] } }>('query Gates($id: ID!) { modelVersion(id: $id) { gates { gate verdict text } } }', { id: versionId });
  const expiresAt = new Date(Date.now() + WAIVED_DAYS * DAY).toISOString();
  for (const { gate, text } of modelVersion.gates.filter(({ verdict }) => verdict === 'FAIL')) {
    const { waiveGate } = await validator.query<{ waiveGate: { proposal: { id: string } } }>('mutation Waive($input: WaiveGateInput!) { waiveGate(input: $input) { proposal { id } } }', {
      input: { versionId, gate, expiresAt, reason: `Demonstration only, nobody is decided about. ${text}` },
    });
    await confirm(admin, waiveGate.proposal.id);
    progress.update(`${PEOPLE.validator.name} and ${PEOPLE.admin.name} waive ${gate}`);
  }
}

export async function readVersion(auditor: Client, id: string): Promise<DeployedVersion> {
  return toVersion(await auditor.query<VersionAnswer>(`query Version($id: ID!) { ${VERSION.replace('modelVersion', 'modelVersion(id: $id)')} }`, { id }));
}

const toVersion = ({ modelVersion: { id, version, state, dossier, model, waivers } }: VersionAnswer): DeployedVersion => ({
  id,
  version,
  state,
  dossierDigest: dossier.digest,
  model: model.name,
  waived: waivers.filter(({ inForce }) => inForce).map(({ gate }) => gate),
});
