import { badInput, type Queryable } from '../platform/index.js';
import { refusedBy } from '../security/index.js';
import { checkParity, compileLayersModel, loadScorer, parseFeatureSchema, parseParitySample, parseReferenceSet, parseVersionReport, rehearseInProcess, type FeatureSchema, type ParityReport, type ParitySample, type ReadReport } from '../scoring/index.js';
import type { ArtefactStore } from './artefact-store.js';
import type { Dossier } from './dossier.js';
import { disagreements } from './evidence-summary.js';
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

export type ArtefactBytes = ReadonlyMap<ArtefactKind, Uint8Array>;

/** One thing that must be true of a version. */
export interface VersionCheck {
  readonly name: string;
  /** What is checked, for a person. */
  readonly title: string;
  /** @returns what was found; @throws BAD_INPUT or REFUSED with what is wrong */
  run(): Promise<string>;
}

/**
 * Checks that a dossier's artefacts are what it says: stored, sound, fitting each other, and in agreement with what
 * trained the model (TensorFlow, or the library it was made with) on the recorded sample, which is scored again here.
 * A LayersModel must be the same model, and a report must tell of the same metrics.
 * An unknown model is first loaded and run in a process of its own, which is what a bomb would fell.
 * @throws BAD_INPUT when an artefact is missing, damaged or at odds with the dossier; REFUSED when parity fails
 */
export async function verifyVersion(db: Queryable, store: ArtefactStore, dossier: Dossier): Promise<void> {
  for (const check of checksOf(dossier, await readArtefacts(db, store, dossier))) await check.run();
}

/** The bytes of all artefacts that a dossier names. @throws BAD_INPUT when one is not stored */
export async function readArtefacts(db: Queryable, store: ArtefactStore, dossier: Dossier): Promise<ArtefactBytes> {
  const bytes = new Map<ArtefactKind, Buffer>();
  for (const { kind, sha256, what } of artefactsOf(dossier)) bytes.set(kind, await store.demand(db, sha256, what));
  return bytes;
}

/** The checks of a version, in order; each relies on those before it. */
export function checksOf(dossier: Dossier, bytes: ArtefactBytes): VersionCheck[] {
  const schema = (): FeatureSchema => parseFeatureSchema(jsonOf(bytes.get('FEATURE_SCHEMA')!, 'feature schema'));
  const sample = (): ParitySample => parseParitySample(jsonOf(bytes.get('PARITY_SAMPLE')!, 'parity sample'));
  const onnx = bytes.get('ONNX')!;
  const layersModel = bytes.get('LAYERS_MODEL');
  const report = bytes.get('REPORT');
  return [
    { name: 'inputs', title: 'Feature schema and reference set fit each other', run: async () => inputsFound(schema(), bytes.get('REFERENCE_SET')!) },
    { name: 'model', title: 'The ONNX model loads and runs', run: () => loadOnce(dossier.artefacts.onnx, onnx, schema()) },
    { name: 'parity', title: 'The parity sample, scored again', run: async () => requireParity(dossier, await checkParity(onnx, sample())) },
    ...(layersModel ? [{ name: 'layersModel', title: 'The LayersModel is the same model', run: () => requireSameModel(dossier.artefacts.layersModel!, compileLayersModel(layersModel, schema().width), sample()) }] : []),
    ...(report ? [{ name: 'report', title: 'The report tells of the same measurement', run: async () => requireSameMeasurement(dossier, parseVersionReport(jsonOf(report, 'report'))) }] : []),
  ];
}

function inputsFound(schema: FeatureSchema, referenceSet: Uint8Array): string {
  const { json } = parseReferenceSet(jsonOf(referenceSet, 'reference set'), schema);
  return `${schema.features.length} features, ${schema.width} columns, ${json.size} reference applicants`;
}

async function loadOnce(digest: string, onnx: Uint8Array, schema: FeatureSchema): Promise<string> {
  await rehearseOnce(digest, onnx, schema.width);
  await (await loadScorer({ onnx, schema })).dispose();
  return `${onnx.length.toLocaleString('en-US')} bytes`;
}

const agreement = ({ rows, maxAbsDifference, bar }: ParityReport): string => `${rows.toLocaleString('en-US')} rows, largest difference of the PD ${maxAbsDifference.toExponential(1)} (bar ${bar})`;

/** The runtime TensorFlow scores with the LayersModel in place of the ONNX model: approvers must have approved both. */
async function requireSameModel(digest: string, compiled: Uint8Array, sample: ParitySample): Promise<string> {
  await rehearseOnce(`compiled ${digest}`, compiled, sample.width);
  const found = await checkParity(compiled, sample);
  const { passed, rows, maxAbsDifference, bar } = found;
  if (!passed) {
    throw refusedBy('SAME_MODEL', {
      says: `The LayersModel is another model than the ONNX model: on ${rows} rows of the parity sample its PDs differ by up to ${maxAbsDifference}, more than ${bar}.`,
      remedy: 'Upload the LayersModel that the ONNX model was compiled from, or leave it out of the dossier.',
      who: 'MODEL_OWNER',
    });
  }
  return agreement(found);
}

/** Voters sign the dossier and look at the curves of the report: both must tell of one measurement. */
function requireSameMeasurement(dossier: Dossier, report: ReadReport): string {
  let compared = 0;
  for (const [what, said, measured] of disagreements(dossier, report)) {
    if (said !== measured) throw badInput(`The dossier says that ${what} is ${String(said)}, but its report measured ${String(measured)}. Take dossier and report from the same build.`);
    compared += 1;
  }
  return `${compared} figures compared`;
}

const MOST_REMEMBERED = 1_000;
const rehearsed = new Set<string>();

/** The same bytes behave the same: what came through once in this process need not be tried again. */
export async function rehearseOnce(digest: string, onnx: Uint8Array, width: number): Promise<void> {
  const name = `${digest} ${width}`;
  if (rehearsed.has(name)) return;
  await rehearseInProcess(onnx, width);
  if (rehearsed.size < MOST_REMEMBERED) rehearsed.add(name);
}

function requireParity({ parity: claimed, source }: Dossier, found: ParityReport): string {
  if (!found.passed) {
    const [trainer, remedy] = source ? [source.library, 'Export it again, and make the sample with the same model.'] : ['TensorFlow', 'Compile it again from the trained model.'];
    throw refusedBy('PARITY', {
      says: `The ONNX model does not agree with ${trainer}: on ${found.rows} rows the PDs differ by up to ${found.maxAbsDifference}, more than ${found.bar}.`,
      remedy,
      who: 'MODEL_OWNER',
    });
  }
  if (claimed.rows !== found.rows || !claimed.passed) {
    throw badInput(`The dossier says that parity ${claimed.passed ? 'passed' : 'failed'} on ${claimed.rows} rows, but it passes on the ${found.rows} rows of its sample. Take the parity of the build into the dossier.`);
  }
  return agreement(found);
}

export function jsonOf(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badInput(`The ${what} is not JSON in UTF-8. Upload the file that the build wrote, unchanged.`);
  }
}
