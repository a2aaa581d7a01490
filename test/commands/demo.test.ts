import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSyntheticBook } from '../../src/demo/index.js';
import { isInUse, newFolder, run, runAlone, RunningCommand, type Ended, type RunOptions } from '../support/cli.js';

const ONCE_AS_JSON = ['--once', '--json'];
const ONCE = ['demo', ...ONCE_AS_JSON, '--customers', '300'];

interface Line {
  readonly counts: Record<'customers' | 'loans' | 'repayments' | 'outcomes' | 'rejected', number>;
  readonly modelVersion: { readonly id: string; readonly version: number; readonly state: string; readonly dossierDigest: string };
  readonly predictions: Record<'scored' | 'refused' | 'failed', number>;
  readonly metrics: Record<'auc' | 'gini' | 'ks' | 'brier' | 'precision' | 'recall' | 'f1', number>;
  readonly replay: { readonly checked: number; readonly reproduced: number; readonly maxAbsDifference: number };
  readonly seconds: Record<string, number>;
}

/** The one line of JSON that a run ends with; nothing else may be on standard output. */
function lineOf({ code, stdout, stderr }: Ended): Line {
  if (code !== 0) throw new Error(`exit ${code}\n${stderr}`);
  const lines = stdout.split('\n').filter((line) => line !== '');
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0]!) as Line;
}

describe('assay demo', () => {
  let folder: string;
  let first: Line;
  /** The demonstration of a file. */
  let own: readonly string[];
  const at = (name: string): RunOptions => ({ env: { ASSAY_HOME: join(folder, name) } });

  beforeAll(async () => {
    folder = await newFolder('assay-demo-');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  describe('--once', () => {
    let ended: Ended;
    beforeAll(async () => {
      ended = await runAlone(ONCE, at('main'));
      first = lineOf(ended);
    });

    it('ends with exactly one line of JSON: counts, version, predictions, metrics, replay, seconds', () => {
      expect(Object.keys(first).sort()).toEqual(['counts', 'metrics', 'modelVersion', 'predictions', 'replay', 'seconds']);
      expect(first.counts).toMatchObject({ customers: 300, rejected: 0 });
      expect(first.counts.repayments).toBe(6 * first.counts.loans);
      expect(first.modelVersion).toMatchObject({ version: 1, state: 'APPROVED', dossierDigest: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(Object.keys(first.metrics).sort()).toEqual(['auc', 'brier', 'f1', 'gini', 'ks', 'precision', 'recall']);
      expect(first.metrics.gini).toBeCloseTo(2 * first.metrics.auc - 1, 9);
      expect(first.metrics.auc).toBeGreaterThan(0.6);
    });

    it('scores the whole hold-out and replays a sample, all of it the same', () => {
      const { scored, refused, failed } = first.predictions;
      expect([refused, failed]).toEqual([0, 0]);
      expect(scored).toBeGreaterThan(0.1 * first.counts.outcomes);
      expect(scored).toBeLessThan(0.3 * first.counts.outcomes);
      expect(first.replay).toMatchObject({ checked: 50, reproduced: 50, maxAbsDifference: 0 });
    });

    it('shows each stage, one prediction with its reasons, and the auditor\'s view, on standard error', () => {
      for (const stage of ['Start PostgreSQL', 'Invent a synthetic book', 'Import ', 'Grant roles', 'Train ', 'Register ', 'Submit, validate, approve and deploy', 'Score ', 'Measure ', 'Replay ']) {
        expect(ended.stderr).toMatch(new RegExp(`^✓ ${stage}.*\\(\\d+\\.\\d s\\)$`, 'm'));
      }
      expect(ended.stderr).toMatch(/What the portal sees of S… C… 0… \(synthetic\)/);
      expect(ended.stderr).toMatch(/What the auditor sees of the same prediction \(Synthetic Customer \d{5}\)/);
      expect(ended.stderr).toContain('This book is synthetic');
    });

    it('leaves nothing running', async () => {
      expect(await isInUse(join(folder, 'main'))).toBe(false);
    });
  });

  it('a second time reuses book and version, and scores anew', async () => {
    const ended = await run(ONCE, at('main'));
    const second = lineOf(ended);
    expect([second.counts, second.modelVersion, second.metrics]).toEqual([first.counts, first.modelVersion, first.metrics]);
    expect(Object.keys(second.seconds)).not.toEqual(expect.arrayContaining(['import']));
    expect(ended.stderr).toContain('Book and model version are those of the last run. Add --reset to start anew.');
  });

  it.each([['of another size', ['--customers', '301']], ['of another seed', ['--customers', '300', '--seed', '5']]])('refuses a book %s beside the one that is there', async (_, args) => {
    const { code, stdout, stderr } = await run(['demo', '--once', ...args], at('main'));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`assay: ${join(folder, 'main')} holds another book. Add --reset to replace it, or set ASSAY_HOME to another folder to keep both.\n`);
  });

  describe('with a file and its mapping, after --reset, that is interrupted while it trains', () => {
    let command: RunningCommand;
    let ended: Ended;
    beforeAll(async () => {
      own = ['demo', '--data', join(folder, 'own.csv'), '--mapping', 'mappings/synthetic.json'];
      await generateSyntheticBook({ path: own[2]!, customers: 250, seed: 3 });
      expect((await run([...own, ...ONCE_AS_JSON], at('main'))).stderr).toContain('holds another book');
      command = RunningCommand.start([...own, ...ONCE_AS_JSON, '--reset'], at('main'));
      await command.says('stderr', /✓ Grant roles/);
      command.signal('SIGINT');
      ended = await command.ended;
    });

    it('says so in a sentence and exits with 1', () => {
      expect([ended.code, ended.stdout]).toEqual([1, '']);
      expect(ended.stderr).toMatch(/^assay: The training was stopped before it finished; start it again when it is wanted\.$/m);
      expect(ended.stderr).not.toMatch(/ {4}at /);
    });

    it('stops everything: the training process, the server and PostgreSQL', async () => {
      expect(command.hasProcesses).toBe(false);
      expect(await isInUse(join(folder, 'main'))).toBe(false);
    });

    it('goes on where it stood, on what is in the file', async () => {
      const { counts, seconds, modelVersion } = lineOf(await run([...own, ...ONCE_AS_JSON], at('main')));
      expect(counts.customers).toBe(250);
      expect(modelVersion).toMatchObject({ version: 1, state: 'APPROVED' });
      expect(modelVersion.id).not.toBe(first.modelVersion.id);
      expect([seconds['import'], seconds['train']]).toEqual([undefined, expect.any(Number)]);
    });
  });

  it('that is interrupted while it imports stops as cleanly', async () => {
    const command = RunningCommand.start(['demo', '--once', '--customers', '4000'], at('importing'));
    await command.says('stderr', /✓ Invent a synthetic book/);
    command.signal('SIGTERM');
    const { code, stderr } = await command.ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^assay: (synthetic\.csv: the import was stopped; nothing of it was recorded|Stopped as you asked, before it was done\. Run the same command again to go on\.)$/m)]);
    expect([command.hasProcesses, await isInUse(join(folder, 'importing'))]).toEqual([false, false]);
  });

  describe('that serves', () => {
    let command: RunningCommand;
    let url: string;
    beforeAll(async () => {
      command = RunningCommand.start(own, { env: { ...at('main').env, PORT: '0' } });
      url = (await command.says('stdout', /Assay serves (http:\/\/localhost:\d+)\/graphql/))[1]!;
    });

    it('prints a token for each role, with which its person is let in', async () => {
      const printed = (await command.says('stdout', /Tokens[\s\S]*Ctrl-C/))[0];
      const tokens = [...printed.matchAll(/^([A-Z_]+) — (.+)\n {2}(\S+)$/gm)].map(([, role, name, token]) => ({ role: role!, name: name!, token: token! }));
      expect(new Set(tokens.map(({ role }) => role))).toEqual(new Set(['PORTAL', 'UNDERWRITER', 'OPERATOR', 'MODEL_OWNER', 'VALIDATOR', 'ADMIN', 'ACCESS_ADMIN', 'AUDITOR', 'PRIVACY_OFFICER', 'RISK_MANAGER', 'BORROWER']));
      for (const { role, name, token } of tokens) {
        const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` }, body: '{"query": "{ me { name roles } }"}' });
        // What a customer is called is known of their record alone.
        expect(await response.json()).toEqual({ data: { me: { name: role === 'BORROWER' ? 'Borrower' : name, roles: [role] } } });
      }
    });

    it('is the only one in its folder', async () => {
      const { code, stderr } = await run([...own, ...ONCE_AS_JSON], at('main'));
      expect([code, stderr]).toEqual([1, expect.stringMatching(/Another Assay \(process \d+\) uses .*main\. Stop it, or set ASSAY_HOME to another folder\./)]);
    });

    it('stops cleanly on Ctrl-C', async () => {
      command.signal('SIGINT');
      expect((await command.ended).code).toBe(0);
      expect(command.hasProcesses).toBe(false);
      expect(await isInUse(join(folder, 'main'))).toBe(false);
    });
  });

  it('says what is wrong with a mapping, where, and what was perhaps meant', async () => {
    const data = join(folder, 'small.csv');
    await generateSyntheticBook({ path: data, customers: 20, seed: 3 });
    const mapping = JSON.parse(await readFile(new URL('../../../mappings/synthetic.json', import.meta.url), 'utf8')) as { loan: { principal: object } };
    mapping.loan.principal = { column: 'principle' };
    const path = join(folder, 'wrong.json');
    await writeFile(path, JSON.stringify(mapping));
    const { code, stdout, stderr } = await run(['demo', '--once', '--data', data, '--mapping', path], at('wrong'));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^assay: .*"?principle"?.*principal/m);
    expect(await isInUse(join(folder, 'wrong'))).toBe(false);
  });
});
