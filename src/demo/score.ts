import { newId, type StageProgress } from '../platform/index.js';
import type { Client } from './client.js';

export interface ScoredCounts {
  scored: number;
  refused: number;
  failed: number;
}

/** A recorded prediction, as far as the demonstration follows it. */
export interface ScoredLoan {
  readonly id: string;
  readonly decision: string | null;
}

export interface ScoringRun {
  readonly counts: ScoredCounts;
  readonly predictions: readonly ScoredLoan[];
}

const AT_ONCE = 500;
const IN_FLIGHT = 2;

interface Answer {
  readonly scoreLoans: {
    readonly results: readonly { readonly prediction: { id: string; status: string; decision: string | null } | null; readonly error: { message: string } | null }[];
  };
}

const DOCUMENT = `mutation Score($input: ScoreLoansInput!) {
  scoreLoans(input: $input) { results { prediction { id status decision } error { message } } }
}`;

/** Scores loans as the portal does, each as of its own decision; batches overlap, so that the server is never idle. */
export async function scoreAll(portal: Client, loans: readonly string[], progress: StageProgress, signal: AbortSignal): Promise<ScoringRun> {
  const run = newId();
  const counts: ScoredCounts = { scored: 0, refused: 0, failed: 0 };
  const predictions: ScoredLoan[] = [];
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (next < loans.length) {
      signal.throwIfAborted();
      const from = next;
      next += AT_ONCE;
      const batch = loans.slice(from, from + AT_ONCE);
      const input = { loans: batch, purpose: 'ORIGINATION', asOfDecision: true, requestId: `demo ${run} ${from}` };
      for (const { prediction } of (await portal.query<Answer>(DOCUMENT, { input })).scoreLoans.results!) {
        counts[prediction?.status === 'SCORED' ? 'scored' : prediction?.status === 'REFUSED' ? 'refused' : 'failed'] += 1;
        if (prediction?.status === 'SCORED') predictions.push(prediction);
      }
      done += batch.length;
      progress.advance(done, loans.length, 'loans');
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return { counts, predictions };
}

export interface ReplayResult {
  checked: number;
  reproduced: number;
  maxAbsDifference: number;
  runtime: string;
}

/** The auditor replays a sample of the recorded predictions. */
export async function replaySample(auditor: Client, predictions: readonly ScoredLoan[], most: number): Promise<ReplayResult> {
  const result: ReplayResult = { checked: 0, reproduced: 0, maxAbsDifference: 0, runtime: '' };
  const step = Math.max(1, Math.floor(predictions.length / most));
  for (let at = 0; at < predictions.length && result.checked < most; at += step) {
    const { prediction } = await auditor.query<{ prediction: { replay: { reproduced: boolean; maxAbsDifference: number; runtime: string } } }>(
      'query Replay($id: ID!) { prediction(id: $id) { replay { reproduced maxAbsDifference runtime } } }',
      { id: predictions[at]!.id },
    );
    result.checked += 1;
    result.reproduced += prediction.replay.reproduced ? 1 : 0;
    result.maxAbsDifference = Math.max(result.maxAbsDifference, prediction.replay.maxAbsDifference);
    result.runtime = prediction.replay.runtime;
  }
  return result;
}

export interface RecordedMetrics {
  readonly auc: number;
  readonly gini: number;
  readonly ks: number;
  readonly brier: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** The metrics of the recorded predictions against the recorded outcomes, as the auditor reads them. */
export async function recordedMetrics(auditor: Client, versionId: string): Promise<RecordedMetrics | null> {
  const { modelVersion } = await auditor.query<{ modelVersion: { performance: RecordedMetrics | null } }>(
    'query Performance($id: ID!) { modelVersion(id: $id) { performance { auc gini ks brier precision recall f1 } } }',
    { id: versionId },
  );
  return modelVersion.performance;
}
