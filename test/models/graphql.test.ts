import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { graphql, type GraphQLSchema } from 'graphql';
import { buildSchema } from 'type-graphql';
import { DateTime, decodeGlobalId, encodeGlobalId, newContext, newId, sha256, type Context, type Database } from '../../src/platform/index.js';
import { GrantsResolver, guardSchema, MeResolver, ProposalsResolver, RoleGrantResolver, UserResolver } from '../../src/security/index.js';
import type { PolicyBody } from '../../src/models/policy/policy.js';
import { NodeResolver } from '../../src/node.resolver.js';
import { ApprovalResolver, ContributorResolver, Deployment, DeploymentResolver, GovernanceResolver, Model, modelNodeLoaders, ModelResolver, ModelVersion, ModelVersionQueries, ModelVersionResolver, PolicyResolver, VersionTransitionResolver } from '../../src/models/index.js';
import { asSuperuser } from '../support/postgres.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { heldTransaction } from '../support/moments.js';
import { Bank, smallVersion, type SmallVersion } from './support.js';

const plain = [MeResolver, UserResolver, RoleGrantResolver, ModelResolver, ModelVersionQueries, ModelVersionResolver, DeploymentResolver, ContributorResolver, ApprovalResolver, VersionTransitionResolver] as const;

function schemaOf({ keepers: { grants, proposals }, models, versions, votes, deployments }: Bank): Promise<GraphQLSchema> {
  const built = new Map<unknown, object>([
    [GrantsResolver, new GrantsResolver(grants, proposals)],
    [ProposalsResolver, new ProposalsResolver(proposals)],
    [PolicyResolver, new PolicyResolver(proposals)],
    [NodeResolver, new NodeResolver(modelNodeLoaders)],
    [GovernanceResolver, new GovernanceResolver(models, versions, votes, deployments)],
    ...plain.map((Resolver) => [Resolver, new Resolver()] as const),
  ]);
  return buildSchema({
    resolvers: [GrantsResolver, ProposalsResolver, PolicyResolver, NodeResolver, GovernanceResolver, ...plain],
    container: { get: (type) => built.get(type) },
    scalarsMap: [{ type: Date, scalar: DateTime }],
    validate: true,
  }).then(guardSchema);
}

interface VersionAnswer {
  readonly modelVersion: { id: string; state: string; dossier: { digest: string }; missingVotes: unknown[]; model: { name: string } };
}
interface DeploymentAnswer {
  readonly deployment: { id: string; validFrom: string };
}
const globalVersion = (id: string): string => encodeGlobalId({ type: 'ModelVersion', id });

interface Referred {
  readonly id: string;
}

describe('models over GraphQL', () => {
  let database: TestDatabase;
  let bank: Bank;
  let schema: GraphQLSchema;
  let small: SmallVersion;
  let olga: Context;
  let adam: Context;
  let vera: Context;
  beforeAll(async () => {
    database = await openTestDatabase();
    bank = await Bank.open(database);
    schema = await schemaOf(bank);
    small = await smallVersion();
    olga = await bank.person('Olga', ['MODEL_OWNER']);
    vera = await bank.person('Vera', ['VALIDATOR']);
    adam = await bank.person('Adam', ['ADMIN']);
  });
  afterAll(() => database.close());

  /** Each request has loaders of its own, as over HTTP. */
  const run = async (ctx: Context, source: string, variables: Record<string, unknown> = {}, db: Database = ctx.db) => {
    const contextValue = newContext({ actor: ctx.actor, db, log: ctx.log });
    const { data, errors } = await graphql({ schema, source, variableValues: variables, contextValue });
    return { data: JSON.parse(JSON.stringify(data ?? null)) as unknown, errors };
  };
  const refusalOf = async (ctx: Context, source: string, variables = {}) => (await run(ctx, source, variables)).errors![0]!.originalError;
  const expectOk = async <Data,>(ctx: Context, source: string, variables: Record<string, unknown> = {}): Promise<Data> => {
    const { data, errors } = await run(ctx, source, variables);
    if (errors) throw new Error(`${errors.map(({ message, originalError }) => `${message} ${JSON.stringify(originalError ?? '')}`).join('\n')}\n${source}`);
    return data as Data;
  };
  const mutate = async <Payload,>(ctx: Context, mutation: string, input: object, fields: string): Promise<Payload> => {
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!`;
    const data = await expectOk<Record<string, Payload>>(ctx, `mutation ($input: ${type}) { ${mutation}(input: $input) { ${fields} } }`, { input });
    return data[mutation]!;
  };

  const registerModel = async (): Promise<string> => {
    const input = { name: `Cards ${Math.random()}`, purpose: 'PD, cards', decisionPurpose: 'ORIGINATION', products: ['credit-card'], horizonMonths: 12 };
    const { id } = (await mutate<{ model: Referred }>(olga, 'registerModel', input, 'model { id }')).model;
    await bank.changeTier(decodeGlobalId(id).id, 'MEDIUM');
    return id;
  };

  /** Registered, submitted, validated, approved and deployed, all through the API. */
  const deployVersion = async (modelId: string): Promise<{ versionId: string; digest: string; deployment: DeploymentAnswer['deployment'] }> => {
    const compared = await bank.comparedFor(decodeGlobalId(modelId).id, small);
    await bank.upload(olga, compared);
    const trainedBy = encodeGlobalId({ type: 'User', id: olga.actor.id });
    const registered = await mutate<VersionAnswer>(olga, 'registerModelVersion', { modelId, dossier: JSON.stringify(compared.dossier), trainedBy }, 'modelVersion { id state dossier { digest } missingVotes { role count } }');
    const { id: versionId, dossier: { digest }, missingVotes } = registered.modelVersion;
    expect([registered.modelVersion.state, missingVotes]).toEqual(['DRAFT', [{ role: 'VALIDATOR', count: 1 }, { role: 'ADMIN', count: 1 }]]);
    const vote = { versionId, dossierDigest: digest, comment: 'Read and checked.' };
    expect(await mutate<VersionAnswer>(olga, 'submitModelVersion', { versionId }, 'modelVersion { state }')).toEqual({ modelVersion: { state: 'SUBMITTED' } });
    const validated = await mutate<VersionAnswer>(vera, 'validateModelVersion', { ...vote, verdict: 'FOR' }, 'modelVersion { state missingVotes { role count } }');
    expect(validated.modelVersion).toEqual({ state: 'VALIDATED', missingVotes: [{ role: 'ADMIN', count: 1 }] });
    const approved = await mutate<VersionAnswer>(adam, 'approveModelVersion', vote, 'modelVersion { state missingVotes { role } }');
    expect(approved.modelVersion).toEqual({ state: 'APPROVED', missingVotes: [] });
    const { deployment } = await mutate<DeploymentAnswer>(adam, 'deployModelVersion', { versionId, reason: 'First.' }, 'deployment { id role validFrom validTo reason by { name } version { id } model { id } }');
    return { versionId, digest, deployment };
  };

  it('goes from registration to deployment, and tells everything about it afterwards', async () => {
    const modelId = await registerModel();
    const { versionId, digest, deployment } = await deployVersion(modelId);
    expect(deployment).toMatchObject({ role: 'CHAMPION', validTo: null, reason: 'First.', by: { name: 'Adam' }, version: { id: versionId }, model: { id: modelId } });
    const { modelVersion } = await expectOk<{ modelVersion: { artefacts: { kind: string }[]; transitions: { act: string; to: string; by: { name: string } }[] } }>(adam, `query ($id: ID!) { modelVersion(id: $id) {
      version state registeredBy { name } model { name owner { name } tier }
      dossier { digest canonical metrics { auc ece } parity { passed } trainingData { rows asOf } training { backend } hyperParameters split
        decisionPolicy { approveBelow grades { grade below } referWhen } modelCard { intendedUse ethics } }
      artefacts { kind sha256 bytes } features { name label type unit transform reasonCode }
      contributors { part user { name } } approvals { by { name } role verdict dossierDigest comment }
      transitions { act from to by { name } reason } deployments { reason } } }`, { id: versionId });
    expect(modelVersion).toMatchObject({
      version: 1,
      state: 'APPROVED',
      registeredBy: { name: 'Olga' },
      model: { owner: { name: 'Olga' }, tier: 'MEDIUM' },
      dossier: {
        digest,
        metrics: { auc: 0.8, ece: 0.01 },
        parity: { passed: true },
        trainingData: { rows: 40, asOf: null },
        hyperParameters: '{"layers":[]}',
        decisionPolicy: { approveBelow: 0.4, grades: [{ grade: 'A', below: 0.5 }, { grade: 'B', below: 1 }], referWhen: [] },
      },
      features: [{ name: 'principal', label: 'Amount', type: 'numeric', unit: null, transform: 'standardise', reasonCode: 'AMOUNT' }],
      contributors: [{ part: 'BUILT', user: { name: 'Olga' } }, { part: 'REGISTERED', user: { name: 'Olga' } }, { part: 'TRAINED', user: { name: 'Olga' } }, { part: 'SUBMITTED', user: { name: 'Olga' } }],
      approvals: [{ by: { name: 'Vera' }, role: 'VALIDATOR', verdict: 'FOR', dossierDigest: digest }, { by: { name: 'Adam' }, role: 'ADMIN' }],
      deployments: [{ reason: 'First.' }],
    });
    expect(modelVersion.artefacts.map(({ kind }) => kind)).toEqual(['FEATURE_SCHEMA', 'ONNX', 'PARITY_SAMPLE', 'REFERENCE_SET', 'REPORT']);
    expect(modelVersion.artefacts[1]).toEqual({ kind: 'ONNX', sha256: small.artefacts.onnx.sha256, bytes: small.artefacts.onnx.bytes.length });
    expect(modelVersion.transitions.map(({ act, to, by }) => [act, to, by.name])).toEqual([
      ['REGISTER', 'DRAFT', 'Olga'], ['SUBMIT', 'SUBMITTED', 'Olga'], ['VALIDATE', 'VALIDATED', 'Vera'], ['APPROVE', 'APPROVED', 'Adam'], ['DEPLOY', 'APPROVED', 'Adam'],
    ]);
  });

  it('says which version was live at any time', async () => {
    const modelId = await registerModel();
    const one = await deployVersion(modelId);
    const two = await deployVersion(modelId);
    const { model } = await expectOk<{ model: Record<'now' | 'first' | 'second', Referred> & { before: null; versions: unknown; deployments: unknown } }>(adam, `query ($id: ID!, $first: DateTime!, $second: DateTime!) { model(id: $id) {
      now: liveVersion { id } first: liveVersion(at: $first) { id } second: liveVersion(at: $second) { id } before: liveVersion(at: "2001-01-01T00:00:00Z") { id }
      versions(first: 1) { edges { node { id } } totalCount pageInfo { hasNextPage } } deployments { validTo } } }`,
      { id: modelId, first: one.deployment.validFrom, second: two.deployment.validFrom });
    expect([model.first.id, model.second.id, model.now.id, model.before]).toEqual([one.versionId, two.versionId, two.versionId, null]);
    expect(model.versions).toEqual({ edges: [{ node: { id: one.versionId } }], totalCount: 2, pageInfo: { hasNextPage: true } });
    expect(model.deployments).toEqual([{ validTo: two.deployment.validFrom }, { validTo: null }]);
    const { errors } = await run(adam, 'query ($id: ID!) { model(id: $id) { liveVersion(at: "2099-01-01T00:00:00Z") { id } } }', { id: modelId });
    expect(errors!.map(({ message, originalError }) => [(originalError as { code?: string }).code, message])).toEqual([['BAD_INPUT', expect.stringContaining('2099-01-01T00:00:00.000Z is still to come')]]);
  });

  it('says nothing of a moment at which a change of it may be under way: the answer would change', async () => {
    const modelId = await registerModel();
    const live = (at: Date): ReturnType<typeof run> => run(adam, 'query ($id: ID!, $at: DateTime!) { model(id: $id) { liveVersion(at: $at) { id } } }', { id: modelId, at: at.toISOString() });
    const { began: at, end } = await heldTransaction(database.db);
    const { errors } = await live(at);
    expect(errors!.map(({ message }) => message)).toEqual([expect.stringMatching(/^at: .* is too close: a transaction that began at .* is still recording/)]);
    await end();
    expect(await live(at)).toEqual({ data: { model: { liveVersion: null } } });
  });

  it('finds models by id and name, and lists and filters versions', async () => {
    const modelId = await registerModel();
    await bank.upload(olga, small);
    const { modelVersion } = await mutate<VersionAnswer>(olga, 'registerModelVersion', { modelId, dossier: JSON.stringify(small.dossier) }, 'modelVersion { id model { name } }');
    const { model, modelVersions, none } = await expectOk<{ model: Referred; modelVersions: { edges: unknown }; none: unknown }>(vera, `query ($name: String!, $modelId: ID!) { model(name: $name) { id }
      modelVersions(filter: { modelId: $modelId, state: DRAFT }) { edges { node { id } } }
      none: modelVersions(filter: { modelId: $modelId, state: RETIRED }) { edges { node { id } } totalCount } }`, { name: modelVersion.model.name, modelId });
    expect([model.id, modelVersions.edges, none]).toEqual([modelId, [{ node: { id: modelVersion.id } }], { edges: [], totalCount: 0 }]);
  });

  it('costs as many statements for many models as for one', async () => {
    const everything = `query ($first: Int!) { models(first: $first) { edges { node { name owner { name } liveVersion { version } deployments { by { name } }
      versions { edges { node { version dossier { digest } artefacts { kind } features { name } contributors { user { name } } approvals { by { name } }
        transitions { by { name } } missingVotes { role } deployments { reason } model { name } } } } } } } }`;
    for (let i = 0; i < 3; i += 1) await deployVersion(await registerModel());
    const statements = async (first: number): Promise<number> => {
      let count = 0;
      const counting = new Proxy(database.db, {
        get: (db, name) => (name !== 'query' ? Reflect.get(db, name) : (...args: Parameters<Database['query']>) => ((count += 1), db.query(...args))),
      });
      const { errors } = await run(adam, everything, { first }, counting);
      expect(errors).toBeUndefined();
      return count;
    };
    // One more where a DRAFT is among them: what it would need is told by the policy in force.
    expect(await statements(50)).toBeLessThanOrEqual((await statements(1)) + 1);
  });

  it('refuses with a sentence and a code', async () => {
    const modelId = await registerModel();
    expect(await refusalOf(vera, '{ model { id } }')).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('either id or name') });
    expect(await refusalOf(vera, 'query ($id: ID!) { modelVersion(id: $id) { id } }', { id: modelId })).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('a ModelVersion id is needed') });
    expect(await refusalOf(vera, 'mutation ($id: ID!) { submitModelVersion(input: { versionId: $id }) { modelVersion { id } } }', { id: modelId })).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('version:submit') });
  });

  it('tells people who they are, and lets the keeper of roles grant and end them', async () => {
    const { first: keeper, second } = bank.keepers;
    const { me } = await expectOk<{ me: { permissions: unknown[] } }>(adam, '{ me { name roles permissions { name allows } grants { role user { name } grantedBy { name } confirmedBy { name } } } }');
    expect(me).toMatchObject({ name: 'Adam', roles: ['ADMIN'], grants: [{ role: 'ADMIN', user: { name: 'Adam' }, grantedBy: { name: keeper.actor.name }, confirmedBy: { name: second.actor.name } }] });
    expect(me.permissions).toContainEqual({ name: 'version:approve', allows: 'Vote as an admin' });
    const { grant } = await mutate<{ grant: Referred & { user: Referred } }>(keeper, 'grantRole', { identity: { issuer: 'idp', subject: 'new-one' }, role: 'AUDITOR', reason: 'New.' }, 'grant { id role validTo user { id name } }');
    expect(grant).toMatchObject({ role: 'AUDITOR', validTo: null, user: { name: 'new-one' } });
    const ended = await mutate<{ grant: { validTo: string } }>(keeper, 'endRole', { grantId: grant.id }, 'grant { validTo }');
    expect(ended.grant.validTo).not.toBeNull();
    const { users } = await expectOk<{ users: { edges: unknown } }>(keeper, '{ users(last: 1) { edges { node { id grants { role validTo } } } } }');
    expect(users.edges).toEqual([{ node: { id: grant.user.id, grants: [{ role: 'AUDITOR', validTo: ended.grant.validTo }] } }]);
    expect((await run(keeper, 'mutation { grantRole(input: { role: ADMIN, reason: "x" }) { grant { id } } }')).errors![0]!.message).toContain('give either userId or identity');
  });

  it('grants a role that votes by two people, and shows to those who may take part what waits for the second', async () => {
    const { first, second } = bank.keepers;
    const input = { identity: { issuer: 'idp', subject: 'new-admin' }, role: 'ADMIN', reason: 'Joins the committee.' };
    const { grant, proposal } = await mutate<{ grant: unknown; proposal: Referred }>(first, 'grantRole', input, 'grant { id } proposal { id state kind text reason proposedBy { name } decidedBy { name } }');
    expect([grant, proposal]).toMatchObject([null, { state: 'OPEN', kind: 'GRANT_ROLE', text: 'Grants the role ADMIN to a person.', reason: input.reason, proposedBy: { name: first.actor.name }, decidedBy: null }]);
    const open = '{ proposals(state: OPEN) { edges { node { id } } } }';
    expect((await expectOk<{ proposals: { edges: unknown } }>(second, open)).proposals.edges).toContainEqual({ node: { id: proposal.id } });
    expect((await expectOk<{ proposals: { edges: unknown[] } }>(olga, open)).proposals.edges).toEqual([]);
    const refused = await run(first, `mutation { confirmProposal(input: { proposalId: "${proposal.id}", comment: "Me again." }) { proposal { state } } }`);
    expect(refused.errors![0]!.message).toBe(`${first.actor.name} proposed this and cannot confirm it. Ask another person who is ACCESS_ADMIN for confirmProposal.`);
    const confirmed = await mutate<{ proposal: unknown }>(second, 'confirmProposal', { proposalId: proposal.id, comment: 'Agreed.' }, 'proposal { state comment decidedBy { name } }');
    expect(confirmed.proposal).toEqual({ state: 'CONFIRMED', comment: 'Agreed.', decidedBy: { name: second.actor.name } });
  });

  it('changes its policy by two people, never to fewer votes, and judges what is submitted before by the policy of then', async () => {
    const bert = await bank.person('Bert', ['ADMIN']);
    type Policy = { governancePolicy: { version: number; canonical: string; digest: string } };
    const { governancePolicy: before } = await expectOk<Policy>(adam, '{ governancePolicy { version canonical digest } }');
    expect(before).toMatchObject({ version: 1, digest: sha256(before.canonical).toString('hex') });
    const body = JSON.parse(before.canonical) as PolicyBody;
    const changed = (votes: { VALIDATOR: number; ADMIN: number }): string => JSON.stringify({ ...body, tiers: { ...body.tiers, LOW: { ...body.tiers.LOW, votes } } });
    const few = await run(adam, 'mutation ($input: ProposeGovernancePolicyInput!) { proposeGovernancePolicy(input: $input) { proposal { id } } }', { input: { policy: changed({ VALIDATOR: 0, ADMIN: 0 }), reason: 'Faster.' } });
    expect(few.errors![0]!.message).toContain('tiers.LOW.votes.ADMIN asks for 0 people; no policy asks for fewer than the first one, 1.');
    const early = await bank.submitted(olga, 'LOW', small);
    const propose = async (ADMIN: number): Promise<string> =>
      (await mutate<{ proposal: Referred }>(adam, 'proposeGovernancePolicy', { policy: changed({ VALIDATOR: 0, ADMIN }), reason: 'Two see more than one.' }, 'proposal { id }')).proposal.id;
    const [two, three] = [await propose(2), await propose(3)];
    await mutate(bert, 'confirmProposal', { proposalId: two, comment: 'Agreed.' }, 'proposal { state }');
    expect(await expectOk(adam, '{ governancePolicy { version tiers { tier admins } } }')).toEqual({ governancePolicy: { version: 2, tiers: [{ tier: 'HIGH', admins: 2 }, { tier: 'MEDIUM', admins: 1 }, { tier: 'LOW', admins: 2 }] } });
    const stale = await run(bert, `mutation { confirmProposal(input: { proposalId: "${three}", comment: "And this." }) { proposal { state } } }`);
    expect(stale.errors![0]!.message).toContain('The change was made to policy 1, but policy 2 is in force.');
    const late = await bank.submitted(olga, 'LOW', small);
    const needs = (id: string) => expectOk<{ node: unknown }>(adam, `{ node(id: "${id}") { ... on ModelVersion { policyVersion missingVotes { role count } } } }`);
    expect([(await needs(globalVersion(early.versionId))).node, (await needs(globalVersion(late.versionId))).node]).toEqual([
      { policyVersion: 1, missingVotes: [{ role: 'ADMIN', count: 1 }] },
      { policyVersion: 2, missingVotes: [{ role: 'ADMIN', count: 2 }] },
    ]);
    const direct = database.db.transaction((tx) => tx.query(`INSERT INTO governance_policies (id, version, body, digest) SELECT $1, 3, body, digest FROM governance_policies WHERE version = 1`, [newId()]));
    await expect(direct).rejects.toMatchObject({ code: 'AS013' });
  });

  it('loosens its policy within limits only, and tells who confirms what is loosened', async () => {
    const { governancePolicy: { canonical } } = await expectOk<{ governancePolicy: { canonical: string } }>(adam, '{ governancePolicy { canonical } }');
    const body = JSON.parse(canonical) as PolicyBody;
    const propose = (changes: Partial<PolicyBody>) =>
      run(adam, 'mutation ($input: ProposeGovernancePolicyInput!) { proposeGovernancePolicy(input: $input) { proposal { id text } } }', { input: { policy: JSON.stringify({ ...body, ...changes }), reason: 'Why not.' } });
    const beyond: [Partial<PolicyBody>, string][] = [
      [{ voteDays: 91 }, 'voteDays is 91; a policy may set it from 1 to 90.'],
      [{ waiverDays: 3_650 }, 'waiverDays is 3650; a policy may set it from 1 to 180.'],
      [{ gates: { ...body.gates, aucMargin: 1 } }, 'gates.aucMargin is 1; a policy may set it from 0 to 0.05.'],
      [{ gates: { ...body.gates, mostPsi: 10 } }, 'gates.mostPsi is 10; a policy may set it from 0 to 0.5.'],
      [{ gates: { ...body.gates, leastFairnessRatio: 0 } }, 'gates.leastFairnessRatio is 0; a policy may set it from 0.5 to 1.'],
    ];
    for (const [changes, sentence] of beyond) {
      expect((await propose(changes)).errors![0]!.message).toContain(sentence);
      const direct = asSuperuser(database.name, async (client) => {
        await client.query('BEGIN; ALTER TABLE governance_policies DISABLE TRIGGER keep_policies');
        await client.query(`INSERT INTO governance_policies (id, version, body, digest) VALUES ($1, 99, $2, sha256(convert_to($2, 'UTF8')))`, [newId(), JSON.stringify({ ...body, ...changes })]).finally(() => client.query('ROLLBACK'));
      });
      await expect(direct).rejects.toMatchObject({ code: 'AS072' });
    }
    const { data } = await propose({ voteDays: 60, overdueReview: 'REFER', gates: { ...body.gates, mostPsi: 0.4, leastFairnessRatio: 0.9 } });
    const { text } = (data as { proposeGovernancePolicy: { proposal: { text: string } } }).proposeGovernancePolicy.proposal;
    expect(text).toContain('It changes gates.leastFairnessRatio 0.8 → 0.9 (stricter); gates.mostPsi 0.25 → 0.4 (LOOSER); overdueReview ALERT → REFER (stricter); voteDays 90 → 60 (stricter).');
  });

  it('finds things by their global id for those who may read models, and for nobody else', async () => {
    const modelId = await registerModel();
    const { versionId, deployment } = await deployVersion(modelId);
    const portal = await database.contextOf('PORTAL');
    for (const [globalId, Type] of [[modelId, Model], [versionId, ModelVersion], [deployment.id, Deployment]] as const) {
      const id = decodeGlobalId(globalId);
      const found = await modelNodeLoaders[id.type]!(newContext(adam), id);
      expect(found).toBeInstanceOf(Type);
      expect(found).toMatchObject({ id: globalId });
      expect(await modelNodeLoaders[id.type]!(newContext(portal), id)).toBeUndefined();
    }
  });

  it('takes an explicit null for what may be left out', async () => {
    const input = { name: `Null ${Math.random()}`, purpose: 'PD', decisionPurpose: 'ORIGINATION', products: ['x'], horizonMonths: 1, requestId: null };
    expect(await mutate(olga, 'registerModel', input, 'model { tier }')).toEqual({ model: { tier: 'HIGH' } });
  });

  it('describes every type, field, argument and value', () => {
    const silent: string[] = [];
    for (const [name, type] of Object.entries(schema.getTypeMap()).filter(([key]) => !key.startsWith('__') && key !== 'Query' && key !== 'Mutation')) {
      if (!type.description) silent.push(name);
      const fields = 'getFields' in type ? Object.values(type.getFields()) : [];
      const values = 'getValues' in type ? type.getValues() : [];
      for (const part of [...fields, ...values]) if (!part.description) silent.push(`${name}.${part.name}`);
    }
    expect(silent).toEqual([]);
  });
});
