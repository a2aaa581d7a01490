import { badInput, refused, type Queryable } from '../platform/index.js';
import {
  checkParity, compileLayersModel, inspectOnnx, loadScorer, parseFeatureSchema, parseParitySample, parseReferenceSet, parseVersionReport, rehearseInProcess,
  type FeatureSchema, type ParityReport, type ParitySample, type ReadReport, type ReferenceSet,
} from '../scoring/index.js';
import type { ArtefactStore } from './artefact-store.js';
import type { Dossier } from './dossier.js';
import type { ArtefactKind } from './version.entity.js';

/** How dossiers name artefacts, and how the registry does. */
const KINDS = [
  ['onnx', 'ONNX', 'ONNX model'],
  ['featureSchema', 'FEATURE_SCHEMA', 'feature schema'],
  ['referenceSet', 'REFERENCE_SET', 'reference set'],
  ['paritySample', 'PARITY_SAMPLE', 'parity sample'],
  ['layersModel', 'LAYERS_MODEL', 'LayersModel'],
  ['report', 'REPORT', 'report'],
] as const satisfies readonly (readonly [keyof Dossier['artefacts'], ArtefactKind, string])[];

/** The artefacts a dossier names, by kind. */
export const artefactsOf = ({ artefacts }: Dossier): { kind: ArtefactKind; sha256: string; what: string }[] =>
  KINDS.flatMap(([key, kind, what]) => {
    const sha256 = artefacts[key];
    return sha256 === undefined ? [] : [{ kind, sha256, what }];
  });

/** Artefacts that are stored, sound and fit each other, ready to be measured. */
export interface SoundArtefacts {
  readonly onnx: Uint8Array;
  readonly schema: FeatureSchema;
  readonly reference: ReferenceSet;
  readonly sample: ParitySample;
  readonly layersModel: Uint8Array | undefined;
  readonly report: ReadReport | undefined;
  /** In the graph. */
  readonly operators: number;
}

/**
 * Checks that a dossier's artefacts are what it says: stored, sound, fitting each other, and in agreement with what
 * trained the model (TensorFlow, or the library it was made with) on the recorded sample, which is scored again here.
 * A LayersModel must be the same model, and a report must tell of the same metrics.
 * An unknown model is first loaded and run in a process of its own, which is what a bomb would fell.
 * @throws BAD_INPUT when an artefact is missing, damaged or at odds with the dossier; REFUSED when parity fails
 */
export async function verifyVersion(db: Queryable, store: ArtefactStore, dossier: Dossier): Promise<void> {
  const artefacts = await scanArtefacts(await readArtefacts(db, store, dossier), dossier);
  requireParity(dossier, await parityOf(artefacts));
  await requireConsistent(dossier, artefacts);
}

/** The bytes of all artefacts that a dossier names. @throws BAD_INPUT when one is not stored */
export async function readArtefacts(db: Queryable, store: ArtefactStore, dossier: Dossier): Promise<ReadonlyMap<ArtefactKind, Buffer>> {
  const bytes = new Map<ArtefactKind, Buffer>();
  for (const { kind, sha256, what } of artefactsOf(dossier)) bytes.set(kind, await store.demand(db, sha256, what));
  return bytes;
}

/** Parses what is there, inspects the graph and runs it for the first time in a process of its own. @throws BAD_INPUT */
export async function scanArtefacts(bytes: ReadonlyMap<ArtefactKind, Buffer>, { artefacts }: Dossier): Promise<SoundArtefacts> {
  const schema = parseFeatureSchema(jsonOf(bytes.get('FEATURE_SCHEMA')!, 'feature schema'));
  const reference = parseReferenceSet(jsonOf(bytes.get('REFERENCE_SET')!, 'reference set'), schema);
  const sample = parseParitySample(jsonOf(bytes.get('PARITY_SAMPLE')!, 'parity sample'));
  const onnx = bytes.get('ONNX')!;
  await rehearseOnce(artefacts.onnx, onnx, schema.width);
  await (await loadScorer({ onnx, schema })).dispose();
  const { operators } = inspectOnnx(onnx, schema.width);
  const report = bytes.get('REPORT');
  return { onnx, schema, reference, sample, operators, layersModel: bytes.get('LAYERS_MODEL'), report: report && parseVersionReport(jsonOf(report, 'report')) };
}

export const parityOf = ({ onnx, sample }: SoundArtefacts): Promise<ParityReport> => checkParity(onnx, sample);

/** What is told twice is told the same. @throws REFUSED for a LayersModel that is another model, BAD_INPUT for a report with other metrics */
export async function requireConsistent(dossier: Dossier, { layersModel, report, schema, sample }: SoundArtefacts): Promise<void> {
  if (layersModel) await requireSameModel(dossier.artefacts.layersModel!, compileLayersModel(layersModel, schema.width), sample);
  if (report) requireSameMetrics(dossier, report);
}

/** The runtime TensorFlow scores with the LayersModel in place of the ONNX model: approvers must have approved both. */
async function requireSameModel(digest: string, compiled: Uint8Array, sample: ParitySample): Promise<void> {
  await rehearseOnce(`compiled ${digest}`, compiled, sample.width);
  const { passed, rows, maxAbsDifference, bar } = await checkParity(compiled, sample);
  if (!passed) throw refused(`The LayersModel is another model than the ONNX model: on ${rows} rows of the parity sample its PDs differ by up to ${maxAbsDifference}, more than ${bar}. Upload the LayersModel that the ONNX model was compiled from, or leave it out of the dossier.`);
}

const MEASURED_TWICE = ['rows', 'auc', 'brier'] as const;

/** Voters sign the dossier and look at the curves of the report: both must tell of one measurement. */
function requireSameMetrics({ metrics }: Dossier, { evaluation }: ReadReport): void {
  const measured = evaluation?.metrics;
  if (!measured) return;
  const other = MEASURED_TWICE.find((name) => measured[name] !== metrics[name]);
  if (other !== undefined) throw badInput(`The dossier says that metrics.${other} is ${metrics[other]}, but its report measured ${measured[other]}. Take dossier and report from the same build.`);
}

const MOST_REMEMBERED = 1_000;
const rehearsed = new Set<string>();

/** The same bytes behave the same: what came through once in this process need not be tried again. */
async function rehearseOnce(digest: string, onnx: Uint8Array, width: number): Promise<void> {
  const name = `${digest} ${width}`;
  if (rehearsed.has(name)) return;
  await rehearseInProcess(onnx, width);
  if (rehearsed.size < MOST_REMEMBERED) rehearsed.add(name);
}

function requireParity({ parity: claimed, source }: Dossier, found: ParityReport): void {
  if (!found.passed) {
    const [trainer, remedy] = source ? [source.library, 'Export it again, and make the sample with the same model'] : ['TensorFlow', 'Compile it again from the trained model'];
    throw refused(`The ONNX model does not agree with ${trainer}: on ${found.rows} rows the PDs differ by up to ${found.maxAbsDifference}, more than ${found.bar}. ${remedy}.`);
  }
  if (claimed.rows !== found.rows || !claimed.passed) {
    throw badInput(`The dossier says that parity ${claimed.passed ? 'passed' : 'failed'} on ${claimed.rows} rows, but it passes on the ${found.rows} rows of its sample. Take the parity of the build into the dossier.`);
  }
}

export function jsonOf(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badInput(`The ${what} is not JSON in UTF-8. Upload the file that the build wrote, unchanged.`);
  }
}
