import {
  cosign, EMPTY_ROOT, formatNote, parseAddCheckpoint, parseCheckpoint, parseNote, signatureLine, SIZE_TYPE, verifyConsistency, verifyNote,
  type AddCheckpoint, type Checkpoint, type Note, type NoteSignature, type VerifierKey,
} from '../audit/index.js';
import { messageOf } from '../platform/index.js';
import type { WitnessKey } from './key.js';
import type { WitnessStore } from './state.js';

/** What a witness answers over HTTP. */
export interface WitnessReply {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly body: string;
  readonly type?: string;
}

const refusal = (status: WitnessReply['status'], says: string): WitnessReply => ({ status, body: `${says}\n` });

interface Submitted extends AddCheckpoint {
  readonly note: Note;
  readonly head: Checkpoint;
}

/**
 * A witness of logs (C2SP tlog-witness): cosigns a checkpoint only if it grew out of the last one that it cosigned of the same
 * log, and remembers it, durably, before it answers.
 */
export class Witness {
  private readonly logs = new Map<string, VerifierKey[]>();
  /** One after another for each log: what is checked against the last checkpoint is written over that very one. */
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    private readonly key: WitnessKey,
    logs: readonly VerifierKey[],
    private readonly store: Pick<WitnessStore, 'load' | 'save'>,
    private readonly seconds: () => number = () => Math.floor(Date.now() / 1000),
  ) {
    for (const log of logs) this.logs.set(log.name, [...(this.logs.get(log.name) ?? []), log]);
  }

  /** The names of the logs that it knows. */
  get origins(): readonly string[] {
    return [...this.logs.keys()];
  }

  /** What it cosigned last of a log; undefined where nothing. */
  latest(origin: string): Promise<string | undefined> {
    return this.logs.has(origin) ? this.store.load(origin) : Promise.resolve(undefined);
  }

  async addCheckpoint(body: string): Promise<WitnessReply> {
    let submitted: Submitted;
    try {
      submitted = parse(body);
    } catch (error) {
      return refusal(400, messageOf(error));
    }
    const { note, head } = submitted;
    const log = this.logs.get(head.origin);
    if (!log) return refusal(404, `This witness does not know the log ${head.origin}.`);
    const signature = signedBy(note, log);
    if (!signature) return refusal(403, `The checkpoint is not signed by a key of ${head.origin} that this witness trusts.`);
    if (submitted.old > head.size) return refusal(400, `The checkpoint has ${head.size} entries, fewer than the old size ${submitted.old}.`);
    return this.inTurn(head.origin, () => this.decide(submitted, signature));
  }

  private inTurn<T>(origin: string, work: () => Promise<T>): Promise<T> {
    const next = (this.turns.get(origin) ?? Promise.resolve()).then(work);
    this.turns.set(origin, next.catch(() => undefined));
    return next;
  }

  private async decide(submitted: Submitted, signature: NoteSignature): Promise<WitnessReply> {
    const { note, head, old } = submitted;
    const kept = await this.store.load(head.origin);
    const last = kept === undefined ? undefined : parseCheckpoint(parseNote(kept).text);
    if (old !== (last?.size ?? 0)) return { status: 409, body: `${last?.size ?? 0}\n`, type: SIZE_TYPE };
    const wrong = inconsistency(submitted, last);
    if (wrong !== undefined) return refusal(422, wrong);
    const cosignature = cosign(this.key.verifier, this.key.privateKey, note.text, this.seconds());
    await this.store.save(head.origin, formatNote({ text: note.text, signatures: [signature, cosignature] }));
    return { status: 200, body: signatureLine(cosignature) };
  }
}

function parse(body: string): Submitted {
  const request = parseAddCheckpoint(body);
  const note = parseNote(request.checkpoint);
  const head = parseCheckpoint(note.text);
  if (note.text.slice(0, -1).split('\n').includes('')) throw new SyntaxError('A checkpoint has no empty lines.');
  return { ...request, note, head };
}

/** The signature by a trusted key. Where one of theirs does not fit, the note is malformed, whatever the others say. */
function signedBy(note: Note, log: readonly VerifierKey[]): NoteSignature | undefined {
  try {
    const [verified] = verifyNote(note, log);
    return verified && note.signatures.find(({ name, keyId }) => name === verified.key.name && Buffer.compare(keyId, verified.key.id) === 0);
  } catch {
    return undefined;
  }
}

/** Why the checkpoint did not grow out of the last one; undefined where it did. */
function inconsistency({ head, old, proof }: Submitted, last: Checkpoint | undefined): string | undefined {
  if (head.size === 0 && !EMPTY_ROOT.equals(head.root)) return 'The root of a log without entries is the hash of nothing.';
  if (old === 0 || !last) return proof.length > 0 ? 'From nothing there is nothing to prove: the proof must be empty.' : undefined;
  const grew = verifyConsistency({ from: old, to: head.size, fromRoot: last.root, toRoot: head.root, path: proof });
  return grew ? undefined : `The log of ${head.size} entries did not grow out of the one with ${old} entries that this witness cosigned, or the proof is wrong.`;
}
