import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PEOPLE, type PersonName } from '../../src/demo/index.js';
import { smallVersion, type SmallVersion } from '../models/support.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { someLoans } from '../support/builders.js';
import { approveSmallVersion } from '../support/small-version.js';
import { PROJECT } from '../support/cli.js';

/** One fenced operation of the document: who pastes it, and what its answer gives to those that follow. */
interface Paste {
  readonly heading: string;
  readonly person: PersonName;
  readonly document: string;
  /** NAME = path into the answer */
  readonly gives: readonly (readonly [name: string, path: string])[];
  /** A sentence that the refusal, which is the point of it, must contain. */
  readonly refused: string | undefined;
}

const BLOCK = /```graphql\n# as ([^\n]+)\n([\s\S]*?)```\n((?:<!--[^\n]*-->\n)*)/g;

function pastesOf(markdown: string): Paste[] {
  const people = new Map(Object.entries(PEOPLE).map(([name, { name: fullName }]) => [fullName, name as PersonName]));
  return [...markdown.matchAll(BLOCK)].map((found) => {
    const [, who, document, comments] = found as unknown as [string, string, string, string];
    const person = people.get(who.split(',')[0]!);
    if (!person) throw new Error(`The document lets "${who}" act, whom the demonstration does not know.`);
    const gives = [...comments.matchAll(/<!-- ([A-Z_]+) = (\S+) -->/g)].map(([, name, path]) => [name!, path!] as const);
    const refused = /<!-- refused: (.+) -->/.exec(comments)?.[1];
    const heading = [...markdown.slice(0, found.index).matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? '';
    return { heading, person, document, gives, refused };
  });
}

const valueAt = (data: unknown, path: string): string => String(path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], data));

/** In a document a name in capitals stands for what the reader puts in its place. */
const filled = (document: string, known: ReadonlyMap<string, string>): string =>
  document.replace(/(?<=")[A-Z]+(?:_[A-Z]+)*(?=")/g, (name) => known.get(name) ?? name);

describe('docs/governance.md', () => {
  let app: TestApp;
  let small: SmallVersion;
  let pastes: Paste[];
  const known = new Map<string, string>();
  beforeAll(async () => {
    app = await openTestApp();
    small = await smallVersion();
    pastes = pastesOf(await readFile(join(PROJECT, 'docs/governance.md'), 'utf8'));
    const owner = await app.as('owner');
    for (const { sha256, bytes } of Object.values(small.artefacts)) await owner.send(`/artifacts/${sha256}`, { method: 'PUT', body: bytes as Uint8Array<ArrayBuffer> });
    known.set('DOSSIER', JSON.stringify(JSON.stringify(small.dossier)).slice(1, -1));
    const [loan] = await someLoans(app, 1);
    known.set('LOAN_EXTERNAL_ID', loan!.externalId);
    known.set('STORY_PRODUCT', loan!.product);
    known.set('OWNER_ID', (await owner.ok<{ me: { id: string } }>('{ me { id } }')).me.id);
    known.set('IN_A_MONTH', new Date(Date.now() + 30 * 86_400_000).toISOString());
    known.set('IN_A_YEAR', new Date(Date.now() + 360 * 86_400_000).toISOString());
  });
  afterAll(() => app.close());

  it('tells the whole story, from registration to rollback', () => {
    const acts = pastes.map(({ document }) => /(\w+)\(/.exec(document.replace(/^[^{]*\{/, ''))?.[1]);
    for (const act of ['registerModel', 'registerModelVersion', 'submitModelVersion', 'waiveGate', 'confirmProposal', 'raiseFinding', 'validateModelVersion', 'approveModelVersion', 'deployModelVersion', 'suspendModel', 'resumeModel', 'rollbackModel', 'overrideDecision', 'requestReview']) {
      expect(acts).toContain(act);
    }
  });

  it('works as it is printed, step by step, by the people it names', async () => {
    for (const { heading, person, document, gives, refused } of pastes) {
      if (document.includes('SECOND_ID') && !known.has('SECOND_ID')) {
        const second = await approveSmallVersion(app, { modelId: known.get('MODEL_ID')!, name: 'story' }, { weight: 2 });
        known.set('SECOND_ID', second.versionId);
      }
      known.set('JUST_NOW', new Date().toISOString());
      const answer = await (await app.as(person)).query(filled(document, known));
      const told = { heading, person, errors: answer.errors.map(({ message }) => message) };
      if (refused !== undefined) {
        expect(told).toEqual({ heading, person, errors: [expect.stringContaining(refused)] });
        continue;
      }
      expect({ ...told, document }).toEqual({ heading, person, errors: [], document });
      for (const [name, path] of gives) known.set(name, valueAt(answer.data, path));
    }
  });
});
