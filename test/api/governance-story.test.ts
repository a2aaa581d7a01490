import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { PEOPLE, type PersonName } from '../../src/demo/index.js';
import { smallVersion, type SmallVersion } from '../models/support.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { someLoans } from '../support/builders.js';
import { registerSmallVersion, submit } from '../support/small-version.js';
import type { TestClient } from '../support/client.js';
import type { DevelopmentIdentity } from '../../src/security/index.js';
import { PROJECT } from '../support/cli.js';

/** One fenced operation of the document: who pastes it, and what its answer gives to those that follow. */
interface Paste {
  readonly heading: string;
  readonly person: PersonName | DevelopmentIdentity;
  /** GraphQL, or a command for the shell. */
  readonly language: 'graphql' | 'sh';
  readonly document: string;
  /** NAME = path into the answer */
  readonly gives: readonly (readonly [name: string, path: string])[];
  /** What the refusal, which is the point of it, must contain, or the rule that it names. */
  readonly refused: string | undefined;
}

const BLOCK = /```(graphql|sh)\n# as ([^\n]+)\n([\s\S]*?)```\n((?:<!--[^\n]*-->\n)*)/g;

/** Somebody with a role that makes and one that approves, whom the demonstration does not have. */
const BOTH: DevelopmentIdentity = { subject: 'boris', name: 'Boris Both', roles: ['MODEL_OWNER', 'ADMIN'] };

function pastesOf(markdown: string): Paste[] {
  const people = new Map<string, PersonName | DevelopmentIdentity>([...Object.entries(PEOPLE).map(([name, { name: fullName }]) => [fullName, name as PersonName] as const), [BOTH.name, BOTH]]);
  return [...markdown.matchAll(BLOCK)].map((found) => {
    const [, language, who, document, comments] = found as unknown as [string, Paste['language'], string, string, string];
    const person = people.get(who.split(',')[0]!);
    if (!person) throw new Error(`The document lets "${who}" act, whom the demonstration does not know.`);
    const gives = [...comments.matchAll(/<!-- ([A-Z_]+) = (\S+) -->/g)].map(([, name, path]) => [name!, path!] as const);
    const refused = /<!-- refused: (.+) -->/.exec(comments)?.[1];
    const heading = [...markdown.slice(0, found.index).matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? '';
    return { heading, person, language, document, gives, refused };
  });
}

/** Grants Boris his two roles, one of them by two people. */
async function grantBoth(app: TestApp, issuer: string): Promise<void> {
  const grant = 'mutation ($input: GrantRoleInput!) { grantRole(input: $input) { proposal { id } } }';
  const confirm = 'mutation ($input: ConfirmProposalInput!) { confirmProposal(input: $input) { __typename } }';
  for (const role of BOTH.roles) {
    const input = { identity: { issuer, subject: BOTH.subject, name: BOTH.name }, role, reason: 'Makes and approves.' };
    const { grantRole } = await (await app.as('accessAdmin')).ok<{ grantRole: { proposal: { id: string } | null } }>(grant, { input });
    if (grantRole.proposal) await (await app.as('secondAccessAdmin')).ok(confirm, { input: { proposalId: grantRole.proposal.id, comment: 'Agreed.' } });
  }
}

const valueAt = (data: unknown, path: string): string => String(path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], data));

/** In a document a name in capitals stands for what the reader puts in its place. */
const filled = (document: string, known: ReadonlyMap<string, string>): string =>
  document.replace(/(?<=["/ ])[A-Z0-9]+(?:_[A-Z0-9]+)*(?=["/])/g, (name) => known.get(name) ?? name);

/** JSON as it stands within a GraphQL string. */
const quoted = (json: string): string => JSON.stringify(json).slice(1, -1);

/** What a shell would be told to do, in a folder with the file that it sends. */
async function shell(command: string, folder: string): Promise<void> {
  await promisify(execFile)('sh', ['-c', `${command.trim()} --silent --show-error`], { cwd: folder });
}

describe('docs/governance.md', () => {
  let app: TestApp;
  let small: SmallVersion;
  let pastes: Paste[];
  let folder: string;
  const known = new Map<string, string>();
  beforeAll(async () => {
    app = await openTestApp();
    small = await smallVersion();
    pastes = pastesOf(await readFile(join(PROJECT, 'docs/governance.md'), 'utf8'));
    const owner = await app.as('owner');
    const { onnx, ...others } = small.artefacts;
    for (const { sha256, bytes } of Object.values(others)) await owner.send(`/artifacts/${sha256}`, { method: 'PUT', body: bytes as Uint8Array<ArrayBuffer> });
    // The page uploads this one.
    folder = await mkdtemp(join(tmpdir(), 'assay-story-'));
    await writeFile(join(folder, 'model.onnx'), onnx.bytes);
    for (const [name, value] of Object.entries({ TOKEN: owner.token!, ASSAY_URL: app.url, ONNX_SHA256: onnx.sha256 })) known.set(name, value);
    const { modelCard } = small.dossier;
    known.set('DOSSIER', quoted(JSON.stringify(small.dossier)));
    known.set('EDITED_DOSSIER', quoted(JSON.stringify({ ...small.dossier, modelCard: { ...modelCard, limitations: 'Companies, and amounts above EUR 50,000.' } })));
    await grantBoth(app, decodeJwt(owner.token!).iss!);
    const [loan] = await someLoans(app, 1);
    known.set('LOAN_EXTERNAL_ID', loan!.externalId);
    known.set('STORY_PRODUCT', loan!.product);
    known.set('OWNER_ID', (await owner.ok<{ me: { id: string } }>('{ me { id } }')).me.id);
    known.set('IN_A_MONTH', new Date(Date.now() + 30 * 86_400_000).toISOString());
    known.set('IN_A_YEAR', new Date(Date.now() + 360 * 86_400_000).toISOString());
  });
  afterAll(async () => {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A second version of the story's model, whose model card says nothing of ethics. */
  async function second(): Promise<void> {
    const { ethics: _, ...modelCard } = small.dossier.modelCard;
    const { versionId, dossierDigest } = await registerSmallVersion(app, { modelId: known.get('MODEL_ID')!, name: 'story' }, { weight: 2 }, { modelCard });
    await submit(app, versionId);
    known.set('SECOND_ID', versionId).set('SECOND_DIGEST', dossierDigest);
  }

  async function paste(client: TestClient, { language, document }: Paste): Promise<{ data: unknown; errors: string[] }> {
    if (language === 'sh') return shell(filled(document, known), folder).then(() => ({ data: {}, errors: [] }));
    const { data, errors } = await client.query(filled(document, known));
    return { data, errors: errors.map(({ message, extensions }) => [message, (extensions as { rule?: string }).rule].join(' ')) };
  }

  it('tells the whole story, from registration to rollback', () => {
    const acts = pastes.map(({ document }) => /(\w+)\(/.exec(document.replace(/^[^{]*\{/, ''))?.[1]);
    const tells = (text: string): boolean => pastes.some(({ document, refused }) => document.includes(text) && refused === undefined);
    expect(['--request PUT', 'role: CANARY, share:', 'waiveGate(', 'proposeGovernancePolicy('].filter((text) => !tells(text))).toEqual([]);
    expect(pastes.map(({ refused }) => refused)).toContain('MAKER_IS_NOT_CHECKER');
    for (const act of ['registerModel', 'registerModelVersion', 'editModelVersion', 'submitModelVersion', 'waiveGate', 'endDeployment', 'suspendVersion', 'resumeVersion', 'retireModelVersion', 'proposeGovernancePolicy', 'confirmProposal', 'raiseFinding', 'validateModelVersion', 'approveModelVersion', 'deployModelVersion', 'suspendModel', 'resumeModel', 'rollbackModel', 'overrideDecision', 'requestReview']) {
      expect(acts).toContain(act);
    }
  });

  it('works as it is printed, step by step, by the people it names', async () => {
    for (const one of pastes) {
      const { heading, person, document, gives, refused } = one;
      if (document.includes('SECOND_ID') && !known.has('SECOND_ID')) await second();
      known.set('JUST_NOW', new Date().toISOString());
      const { data, errors } = await paste(await app.as(person), one);
      const told = { heading, person, errors };
      if (refused !== undefined) {
        expect(told).toEqual({ heading, person, errors: [expect.stringContaining(refused)] });
        continue;
      }
      expect({ ...told, document }).toEqual({ heading, person, errors: [], document });
      for (const [name, path] of gives) known.set(name, valueAt(data, path));
      const canonical = known.get('CANONICAL');
      if (canonical) known.set('SHORTER_WAIVERS', quoted(JSON.stringify({ ...(JSON.parse(canonical) as object), waiverDays: 120 })));
    }
  });
});
