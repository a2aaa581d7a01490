import { judged, missing, told } from './finding.js';
import { isFailure, type Gate } from './types.js';

/** What is served agrees with what was trained: the recorded sample is scored again here. */
export const parity: Gate = ({ dossier, parity: found }) => {
  const trainer = dossier.source?.library ?? 'TensorFlow';
  const source = 'the parity sample, scored again here';
  const remedy = 'Export the model and its sample again from one build, and register the version with them.';
  if (isFailure(found)) return missing({ source, threshold: dossier.parity.bar, says: found.failed, remedy });
  const claims = dossier.parity.passed && dossier.parity.rows === found.rows;
  const claimed = claims ? '' : ` The dossier claims otherwise: ${dossier.parity.passed ? 'passed' : 'failed'} on ${told(dossier.parity.rows)} rows.`;
  return judged(found.passed && claims, {
    measured: found.maxAbsDifference,
    threshold: found.bar,
    source,
    says: `On ${told(found.rows)} rows the PDs differ from those of ${trainer} by up to ${told(found.maxAbsDifference)}; at most ${told(found.bar)} passes.${claimed}`,
    remedy,
  });
};

/** The artefacts are stored, sound, fit each other, and run in a process of their own without felling it. */
export const artefactScan: Gate = ({ scan }) => {
  const source = 'the artefacts, inspected and loaded here';
  if (isFailure(scan)) return missing({ source, says: scan.failed, remedy: 'Register the version again from sound artefacts.' });
  const says = `The artefacts fit each other; the graph has ${told(scan.operators)} operators, all of them known, and runs in a process of its own.`;
  return judged(true, { measured: scan.operators, threshold: null, source, says, remedy: '' });
};

/** One explained prediction, on the runtime that serves. */
export const latency: Gate = ({ latency: found }, { mostMilliseconds: threshold }) => {
  const source = 'measured here, on the runtime that serves';
  if (isFailure(found)) return missing({ source, threshold, says: found.failed, remedy: 'Register the version again from artefacts that can be loaded and explained.' });
  const { milliseconds, predictions, runtime, method } = found;
  return judged(milliseconds <= threshold, {
    measured: milliseconds,
    threshold,
    source: runtime,
    says: `One prediction explained by ${method} takes ${told(milliseconds)} ms, the median of ${predictions} on ${runtime}; at most ${told(threshold)} ms passes.`,
    remedy: 'Train a smaller model, or one with a gradient output, which is explained faster.',
  });
};

/** All artefacts together: every replica holds them in memory. */
export const size: Gate = ({ bytes }, { mostBytes: threshold }) =>
  judged(bytes <= threshold, {
    measured: bytes,
    threshold,
    source: 'the stored artefacts',
    says: `The artefacts have ${told(bytes)} bytes; at most ${told(threshold)} pass.`,
    remedy: 'Train a smaller model, or leave the LayersModel out of the dossier.',
  });
