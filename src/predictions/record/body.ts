import { createHmac, randomBytes } from 'node:crypto';
import { badInput, canonicalJson } from '../../platform/index.js';
import { pack, unpack } from './packing.js';
import type { DataKey } from '../../security/index.js';
import type { EncodedInput, GatheredValue, InputValue, NoveltyFinding, RefusedInput } from '../../scoring/index.js';

/**
 * The record format that is written. Published in docs/record-format.md; a change is a new version, never an edit. Records of
 * format 1 are read, replayed and verified as they always were: their commitment leaves out reasons, problem, roles, runtime, host.
 */
export const RECORD_FORMAT = 2;

const FORMATS = [1, RECORD_FORMAT] as const;

const SECRET_BYTES = 32;

/** What came out: the graph's numbers, and what the policy made of them. */
export interface RecordedOutputs {
  readonly pd: number;
  readonly logit: number;
  readonly points: number;
  readonly grade: string;
  /** Null for a what-if, which decides nothing; of a challenger what its policy would decide. */
  readonly decision: string | null;
  /** Why it was decided so: by the policy, or because the model's review or a waiver ran out; null for a what-if. */
  readonly cause: string | null;
  /** Distance to the training rows, where the version knows them. */
  readonly novelty?: NoveltyFinding;
}

export interface RecordedExplanation {
  readonly method: string;
  readonly baselineLogit: number;
  /** As explained: rounded like the attributions, so that all parts sum up exactly. */
  readonly logit: number;
  readonly residual: number;
  /** Log-odds, in the order of the version's features. */
  readonly attributions: readonly number[];
  /** Of each attribution, where the method samples. */
  readonly standardErrors?: readonly number[];
}

export interface RecordedReason {
  readonly code: string;
  readonly feature: string;
  readonly text: string;
  readonly contribution: number;
}

type RecordedInputs = readonly (readonly [InputValue] | readonly [InputValue, readonly string[]])[];

/** One change of a what-if and what it led to, together with the changes before it. */
export interface RecordedStep {
  /** The field: `customer.<field>`, `loan.<field>` or `repayments[<period>].<field>`, period 0 the newest. */
  readonly path: string;
  readonly from: GatheredValue;
  readonly to: GatheredValue;
  /** [index of the feature, its value now] for each feature whose value moved. */
  readonly moved: readonly (readonly [number, InputValue])[];
  /** With what the policy would decide. */
  readonly outputs: RecordedOutputs;
}

/** The way of a what-if: the loan as it is recorded in the book, then each change. */
export interface RecordedSimulation {
  /** The decision for which the model was chosen. */
  readonly purpose: string;
  readonly baseline: {
    readonly inputs: RecordedInputs;
    readonly outputs: RecordedOutputs;
    readonly explanation: RecordedExplanation;
    readonly reasons: readonly RecordedReason[];
  };
  readonly steps: readonly RecordedStep[];
}

/** What the runtime ran on. */
export interface RecordedHost {
  /** Version of Node. */
  readonly node: string;
  /** Model of the processor, as the system tells it. */
  readonly cpu: string;
}

export interface RecordedProblem {
  readonly code: string;
  readonly message: string;
}

/**
 * The plaintext of a prediction's record. Inputs and attributions are compact arrays in the version's feature order;
 * names, labels, units and sources are in the version's feature schema.
 */
export interface PredictionBody {
  readonly v: (typeof FORMATS)[number];
  /** The secret of the commitment in the audit leaf, base64. */
  readonly r: string;
  /** [value] or [value, flags]. Empty where no version was reached. */
  readonly inputs: RecordedInputs;
  readonly outputs: RecordedOutputs | null;
  readonly explanation: RecordedExplanation | null;
  readonly reasons: readonly RecordedReason[];
  /** Of a what-if that was scored; `inputs`, `outputs` and `explanation` are then of its last state. */
  readonly simulation?: RecordedSimulation;
  readonly problem: RecordedProblem | null;
  /** The roles that the actor's token carried. */
  readonly roles: readonly string[];
  /** Runtime fingerprint; replay on another runtime may differ in the last bits. */
  readonly runtime: string | null;
  /** Where there is a score; records of earlier releases lack it. */
  readonly host?: RecordedHost;
}

export type BodyParts = Omit<PredictionBody, 'v' | 'r'>;

export interface SealedBody {
  readonly ciphertext: Buffer;
  /** HMAC-SHA256(r, canonical(everything but r)). */
  readonly commitment: Buffer;
}

export const compactInputs = (inputs: readonly (EncodedInput | RefusedInput)[]): PredictionBody['inputs'] =>
  inputs.map(({ value, flags }) => (flags.length > 0 ? [value, flags] : [value]));

/** Encrypts a body under the customer's key, bound to the prediction's id. */
export function sealBody(key: DataKey, predictionId: string, parts: BodyParts): SealedBody {
  const secret = randomBytes(SECRET_BYTES);
  const r = secret.toString('base64');
  const canonical = canonicalJson({ v: RECORD_FORMAT, r, ...parts } satisfies PredictionBody);
  // Canonical JSON without `r` is canonical JSON with it taken out, and its value stands nowhere else: it was just made.
  const committed = canonical.replace(`"r":"${r}",`, '');
  return { ciphertext: key.seal(placeOf(predictionId), pack(canonical)), commitment: hmac(secret, committed) };
}

/** @throws INTERNAL when the stored bytes are not what was written; BAD_INPUT for a format of a later release */
export function unsealBody(key: DataKey, predictionId: string, ciphertext: Uint8Array): PredictionBody {
  const body = JSON.parse(unpack(key.unseal(placeOf(predictionId), ciphertext))) as PredictionBody;
  if (FORMATS.includes(body.v)) return body;
  throw badInput(`The record of prediction ${predictionId} has format ${String(body.v)}; this release reads formats ${FORMATS.join(' and ')}. Use a later release.`);
}

/**
 * What the leaf of a body holds, by the rule of the body's format. The rules differ in what they commit to, `v` included, so
 * that a body which claims another format than its own has another commitment.
 */
export function commitmentOf({ r, ...body }: PredictionBody): Buffer {
  const { inputs, outputs, explanation, simulation } = body;
  return hmac(Buffer.from(r, 'base64'), canonicalJson(body.v === 1 ? { inputs, outputs, explanation, ...(simulation && { simulation }) } : body));
}

const hmac = (secret: Buffer, text: string): Buffer => createHmac('sha256', secret).update(text).digest();

const placeOf = (id: string): { table: string; column: string; id: string } => ({ table: 'predictions', column: 'body', id });
