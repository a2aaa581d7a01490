import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  consistencyProof, EMPTY_ROOT, formatAddCheckpoint, formatCheckpoint, formatKey, formatNote, leafHash, monitoringPath, NOTE_KEY, parseAddCheckpoint, parseCheckpoint, parseNote, parseSignatureLine,
  rawPublicKey, rootAt, rootOfHashes, signNote, verifierKey, verifyNote, type Hash, type HashReader,
} from '../../src/audit/index.js';
import { openState, openWitnessKey, Witness, type WitnessReply } from '../../src/witness/index.js';

const ORIGIN = 'log.example/watched';
const pair = generateKeyPairSync('ed25519');
const logKey = verifierKey(ORIGIN, NOTE_KEY, rawPublicKey(pair.privateKey));
const stranger = generateKeyPairSync('ed25519');

const signedText = (text: string): string => formatNote({ text, signatures: [signNote(logKey, pair.privateKey, text)] });

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A log in memory. */
class Tree {
  constructor(readonly leaves: readonly Hash[]) {}

  static of(size: number, salt = ''): Tree {
    return new Tree(Array.from({ length: size }, (_, index) => leafHash(Buffer.from(`${salt}${index}`))));
  }

  /** The same up to `size`, then others. */
  forkedAt(size: number, to: number): Tree {
    return new Tree([...this.leaves.slice(0, size), ...Tree.of(to, 'fork').leaves.slice(size, to)]);
  }

  private readonly read: HashReader = async (nodes) => nodes.map(({ level, index }) => rootOfHashes(this.leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)));

  async signed(size: number, key = pair.privateKey): Promise<string> {
    const text = formatCheckpoint({ origin: ORIGIN, size, root: size === 0 ? EMPTY_ROOT : await rootAt(this.read, size) });
    return formatNote({ text, signatures: [signNote(logKey, key, text)] });
  }

  async proof(from: number, to: number): Promise<Hash[]> {
    return consistencyProof(this.read, from, to);
  }

  async request(old: number, size: number, proof?: readonly Uint8Array[]): Promise<string> {
    return formatAddCheckpoint({ old, proof: proof ?? (await this.proof(old, size)), checkpoint: await this.signed(size) });
  }
}

describe('requests to a witness', () => {
  /** The example of C2SP tlog-witness. */
  const EXAMPLE = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`;

  it('are read and written as the specification shows', () => {
    const request = parseAddCheckpoint(EXAMPLE);
    expect([request.old, request.proof.length, parseCheckpoint(parseNote(request.checkpoint).text).size]).toEqual([20852014, 4, 20852163]);
    expect(formatAddCheckpoint(request)).toBe(EXAMPLE);
  });

  it.each([
    ['no old size', EXAMPLE.slice(EXAMPLE.indexOf('\n') + 1)], ['a leading zero', EXAMPLE.replace('old 2', 'old 02')], ['a hash that is none', EXAMPLE.replace('PlRN', 'PlR')],
    ['64 hashes', EXAMPLE.replace('old 20852014\n', `old 20852014\n${'PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n'.repeat(60)}`)], ['no empty line', 'old 1\n'],
  ])('with %s are none', (_, body) => {
    expect(() => parseAddCheckpoint(body)).toThrow(SyntaxError);
  });
});

describe('a witness', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'assay-witness-'))));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const tree = Tree.of(40);
  const openWitness = async (name: string) => {
    const state = await openState(join(folder, name));
    const key = await openWitnessKey(join(folder, `${name}.pem`), `witness.example/${name}`);
    return { state, key, witness: new Witness(key, [logKey], state, () => 1_700_000_000) };
  };

  it('answers each request as the specification says', async () => {
    const { witness, key, state } = await openWitness('answers');
    const submit = async (body: string | Promise<string>): Promise<WitnessReply> => witness.addCheckpoint(await body);
    const proof = await tree.proof(5, 9);
    const cases: [string, Promise<string> | string, number, string?][] = [
      ['nonsense', 'hello', 400],
      ['a fork-free first checkpoint with a proof', tree.request(0, 5, proof), 422],
      ['an empty log with another root', formatAddCheckpoint({ old: 0, proof: [], checkpoint: signedText(`${ORIGIN}\n0\n${Buffer.alloc(32).toString('base64')}\n`) }), 422],
      ['another size than it has', tree.request(3, 5), 409, '0\n'],
      ['the first', tree.request(0, 5), 200],
      ['the same again', tree.request(5, 5), 200],
      ['from nothing again', tree.request(0, 9), 409, '5\n'],
      ['less than before', tree.request(5, 4, []), 400],
      ['a log that it does not know', tree.request(5, 9).then((body) => body.replaceAll(ORIGIN, 'log.example/other')), 404],
      ['nobody’s signature', formatAddCheckpoint({ old: 5, proof, checkpoint: await tree.signed(9, stranger.privateKey) }), 403],
      ['no signature of the log', tree.request(5, 9).then((body) => body.replace(`— ${ORIGIN}`, '— log.example/somebody')), 403],
      ['a proof that is not complete', tree.request(5, 9, proof.slice(1)), 422],
      ['the same size with another root', tree.forkedAt(3, 5).request(5, 5), 422],
      ['a fork', tree.forkedAt(3, 9).request(5, 9), 422],
      ['what grew', tree.request(5, 9), 200],
      ['an extension line', formatAddCheckpoint({ old: 9, proof: [], checkpoint: signedText(`${parseNote(await tree.signed(9)).text}more\n`) }), 200],
      ['an empty line in it', formatAddCheckpoint({ old: 9, proof: [], checkpoint: signedText(`${parseNote(await tree.signed(9)).text}\nmore\n`) }), 400],
      ['control characters', (await tree.request(9, 12)).replace(`— ${ORIGIN}`, '—\u0007 x'), 400],
    ];
    const told: [string, number, string?][] = [];
    for (const [name, body, , wanted] of cases) {
      const { status, body: text, type } = await submit(body);
      told.push(wanted === undefined ? [name, status] : [name, status, text]);
      if (status === 409) expect(type).toBe('text/x.tlog.size');
    }
    expect(told).toEqual(cases.map(([name, , status, wanted]) => (wanted === undefined ? [name, status] : [name, status, wanted])));
    const { body } = await submit(tree.request(9, 20));
    const text = parseNote(await tree.signed(20)).text;
    expect(verifyNote({ text, signatures: [parseSignatureLine(body.trimEnd())] }, [key.verifier])).toEqual([{ key: key.verifier, time: 1_700_000_000 }]);
    await state.close();
  });

  it('remembers over a restart, under the name that monitors ask for, and shows log and witness as signers', async () => {
    const before = await openWitness('memory');
    await before.witness.addCheckpoint(await tree.request(0, 7));
    await before.state.close();
    const { witness, state, key } = await openWitness('memory');
    expect(await witness.addCheckpoint(await tree.request(0, 9))).toMatchObject({ status: 409, body: '7\n' });
    const note = parseNote((await witness.latest(ORIGIN))!);
    expect(verifyNote(note, [logKey, key.verifier])).toHaveLength(2);
    expect(monitoringPath(ORIGIN)).toBe(`${createHash('sha256').update(ORIGIN).digest('hex')}/checkpoint`);
    expect((await readdir(join(folder, 'memory'))).filter((name) => name.endsWith('.checkpoint'))).toEqual([monitoringPath(ORIGIN).replace('/', '.')]);
    expect(await readFile(join(folder, 'memory.pem'), 'utf8')).toContain('PRIVATE KEY');
    expect(await witness.latest('log.example/other')).toBeUndefined();
    await state.close();
  });

  it('has its folder for itself, though process ids are the same in each container', async () => {
    const path = join(folder, 'owned', 'witness.pid');
    const first = await openWitness('owned');
    await first.state.close();
    expect(await readdir(join(folder, 'owned'))).toEqual([]);
    await writeFile(path, JSON.stringify({ token: 'another', pid: process.pid, place: 'another-container pid:[1]' }));
    await expect(openWitness('owned')).rejects.toThrow(/^Another witness \(process \d+ of another container or machine\) uses \S+owned\. Stop it, or name another folder\. If it was killed, start again in 20 s\.$/);
    // It has not been seen for long.
    await utimes(path, 1, 1);
    const second = await openWitness('owned');
    expect(await second.witness.addCheckpoint(await tree.request(0, 3))).toMatchObject({ status: 200 });
    await writeFile(path, String(process.ppid));
    await expect(openWitness('owned')).rejects.toThrow(`Another witness (process ${process.ppid}) uses`);
    // Somebody took the file away, and started another one: the first of them signs no more.
    await rm(path);
    const third = await openWitness('owned');
    await expect(tree.request(3, 5).then((body) => second.witness.addCheckpoint(body))).rejects.toThrow('Another witness took');
    expect(await third.witness.addCheckpoint(await tree.request(3, 6))).toMatchObject({ status: 200 });
    await second.state.close();
    await third.state.close();
    expect((await readdir(join(folder, 'owned'))).filter((name) => !name.endsWith('.checkpoint'))).toEqual([]);
  });

  it('signs nothing that it could not keep', async () => {
    const { key, state } = await openWitness('full');
    const witness = new Witness(key, [logKey], { load: state.load, save: async () => Promise.reject(new Error('no space left')) });
    await expect(tree.request(0, 7).then((body) => witness.addCheckpoint(body))).rejects.toThrow('no space left');
    expect(await new Witness(key, [logKey], state).addCheckpoint(await tree.request(0, 3))).toMatchObject({ status: 200 });
    await state.close();
  });

  /** What somebody submits: honest growth, or a lie of some kind; several at the same time. */
  const act = fc.record({
    kind: fc.constantFrom('honest', 'honest', 'honest', 'fork', 'rollback', 'wrong proof', 'old size', 'same size', 'stranger'),
    to: fc.integer({ min: 0, max: 40 }),
    at: fc.integer({ min: 0, max: 40 }),
    together: fc.boolean(),
  });

  it('never cosigns two checkpoints that are inconsistent, whatever is submitted, in whatever order', async () => {
    let [cosigned, refused, pairs] = [0, 0, 0];
    await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 25 }), async (acts) => {
      const kept = new Map<string, string>();
      const key = (await openWitness('random')).key;
      const witness = new Witness(key, [logKey], {
        load: async (origin) => { await pause(); return kept.get(origin); },
        save: async (origin, note) => { await pause(); kept.set(origin, note); },
      });
      /** Every checkpoint that it signed, with the leaves that the submitter had. */
      const signed: Tree[] = [];
      const waiting: Promise<unknown>[] = [];
      for (const { kind, to, at, together } of acts) {
        const last = kept.has(ORIGIN) ? parseCheckpoint(parseNote(kept.get(ORIGIN)!).text).size : 0;
        const size = kind === 'rollback' ? Math.min(to, Math.max(0, last - 1)) : kind === 'same size' ? last : Math.max(last, to);
        const submitted = kind === 'fork' || kind === 'same size' ? tree.forkedAt(Math.min(at, size), Math.max(size, 1)) : tree;
        const old = kind === 'old size' ? at : kind === 'rollback' ? Math.min(at, size) : last;
        const proof = old > size ? [] : await submitted.proof(old, size);
        const checkpoint = await submitted.signed(size, kind === 'stranger' ? stranger.privateKey : pair.privateKey);
        const submit = async (): Promise<void> => {
          const { status } = await witness.addCheckpoint(formatAddCheckpoint({ old, proof: kind === 'wrong proof' ? proof.map((hash) => leafHash(hash)) : proof, checkpoint }));
          if (status === 200) signed.push(new Tree(submitted.leaves.slice(0, size)));
          [cosigned, refused] = status === 200 ? [cosigned + 1, refused] : [cosigned, refused + 1];
        };
        if (together) waiting.push(submit());
        else await submit();
      }
      await Promise.all(waiting);
      const bySize = signed.toSorted((a, b) => a.leaves.length - b.leaves.length);
      for (const [index, smaller] of bySize.entries()) {
        for (const larger of bySize.slice(index + 1)) {
          pairs += 1;
          expect(smaller.leaves.every((leaf, leafIndex) => leaf.equals(larger.leaves[leafIndex]!))).toBe(true);
        }
      }
    }), { numRuns: 150 });
    process.stderr.write(`witness: ${cosigned} cosigned, ${refused} refused, ${pairs} pairs of cosigned checkpoints, 0 inconsistent\n`);
    expect(cosigned).toBeGreaterThan(150);
    expect(refused).toBeGreaterThan(150);
  });

  it('tells its key as verifiers take it', async () => {
    const { key, state } = await openWitness('named');
    expect(formatKey(key.verifier)).toMatch(/^witness\.example\/named\+[0-9a-f]{8}\+B[A-Za-z0-9+/]{43}$/);
    await state.close();
  });
});
