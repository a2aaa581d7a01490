import { readBook, recordOfRow, type Mapping } from '../../loans/index.js';
import { AssayError, badInput, messageOf, type StageProgress } from '../../platform/index.js';
import { scoreVectors } from '../../predictions/index.js';
import { encode, InputRefused, loadScorer, parseDecisionPolicy, parseFeatureSchema, parseReferenceSet, reasonsOf, rehearseInProcess, type Encoded, type Language } from '../../scoring/index.js';
import type { VersionFolder } from '../version-folder/files.js';
import type { ScoredLoan } from './result.js';

/** A version as a folder holds it, loaded to score with. */
export type OfflineVersion = Parameters<typeof scoreVectors>[0];

const AT_ONCE = 256;

/** Loads a version folder; nothing is registered or recorded. @throws BAD_INPUT for what the registry would refuse */
export async function loadFolder({ dossier, uploads }: VersionFolder): Promise<OfflineVersion> {
  const bytesOf = (name: string): Uint8Array => {
    const found = uploads.find(({ sha256: digest }) => digest === dossier.artefacts[name]);
    if (!found) throw badInput(`The dossier names no artefact "${name}", without which nothing can be scored. Train again.`);
    return found.bytes;
  };
  const json = (name: string): unknown => JSON.parse(new TextDecoder().decode(bytesOf(name)));
  const schema = parseFeatureSchema(json('featureSchema'));
  const reference = parseReferenceSet(json('referenceSet'), schema);
  const policy = parseDecisionPolicy(dossier['decisionPolicy']);
  const onnx = bytesOf('onnx');
  // A folder may come from anywhere: what would fell a process fells that of the rehearsal.
  await rehearseInProcess(onnx, schema.width);
  return { scorer: await loadScorer({ onnx, schema }), schema, reference, policy };
}

export interface FileScoring {
  readonly language: Language;
  readonly progress: StageProgress;
  readonly signal: AbortSignal;
}

interface Row {
  readonly loan: string;
  readonly encoded: Encoded | Error;
}

/** Scores the rows of a CSV file with an unregistered version: each as of its decision, or now where it has none. */
export async function scoreFile(version: OfflineVersion, data: { path: string; mapping: Mapping }, { language, progress, signal }: FileScoring): Promise<ScoredLoan[]> {
  const results: ScoredLoan[] = [];
  let batch: Row[] = [];
  const flush = async (): Promise<void> => {
    results.push(...(await scoreRows(version, batch, language)));
    batch = [];
    progress.advance(results.length, undefined, 'rows');
  };
  for await (const entry of readBook(data.path, data.mapping)) {
    signal.throwIfAborted();
    batch.push('row' in entry ? rowOf(version, entry.row) : { loan: `line ${entry.rejected.line}`, encoded: badInput(entry.rejected.reason) });
    if (batch.length === AT_ONCE) await flush();
  }
  await flush();
  return results;
}

function rowOf({ schema }: OfflineVersion, row: Parameters<typeof recordOfRow>[0]): Row {
  const { externalId: loan, decisionAt } = row.loan;
  try {
    const record = recordOfRow(row, decisionAt ?? new Date());
    return { loan, encoded: record ? encode(schema, record) : badInput('Nothing was true of the loan yet when it was decided.') };
  } catch (error) {
    if (error instanceof InputRefused || error instanceof AssayError) return { loan, encoded: error };
    throw error;
  }
}

async function scoreRows(version: OfflineVersion, rows: readonly Row[], language: Language): Promise<ScoredLoan[]> {
  const ready = rows.flatMap(({ encoded }) => (encoded instanceof Error ? [] : [encoded]));
  const scores = ready.length === 0 ? [] : await scoreVectors(version, ready.map(({ vector }) => vector), ready.map(({ inputs }) => inputs));
  return rows.map(({ loan, encoded }) => {
    if (encoded instanceof Error) return { loan, status: 'REFUSED', decision: null, grade: null, pd: null, points: null, reasons: [], problem: messageOf(encoded) };
    const { decision, grade, pd, points, explanation } = scores[ready.indexOf(encoded)]!;
    const reasons = reasonsOf(explanation, version.schema, version.reference, encoded.inputs, { language });
    return { loan, status: 'SCORED', decision, grade, pd, points, reasons: reasons.map(({ code, text }) => ({ code, text })), problem: null };
  });
}
