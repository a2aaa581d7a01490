// Entry of the process in which an unknown model runs for the first time. It speaks to its parent only.
import { writeFileSync } from 'node:fs';
import { messageOf } from '../../base/index.js';
import { Random } from '../random.js';
import type { RehearsalResult, RehearsalTask } from './rehearse.js';
import { loadScorer } from './scorer.js';

/** One row, a few, and as many as a slice of a batch. */
const BATCHES = [1, 64, 2_048];
/** Beyond what an encoder gives, to reach branches that usual rows do not. */
const SPREAD = 5;

/** Where memory runs out, Linux ends this process before any other. */
function volunteer(): void {
  if (process.platform === 'linux') writeFileSync('/proc/self/oom_score_adj', '1000');
}

async function tryModel({ onnx, width }: RehearsalTask): Promise<void> {
  const scorer = await loadScorer({ onnx, schema: { width } });
  const random = new Random(1);
  for (const rows of BATCHES) await scorer.run(Float32Array.from({ length: rows * width }, () => random.normal() * SPREAD), rows);
}

const send = (result: RehearsalResult): Promise<void> =>
  new Promise((resolve, reject) => process.send!(result, (error: Error | null) => (error ? reject(error) : resolve())));

process.once('disconnect', () => process.exit());

process.once('message', (task: RehearsalTask) => {
  volunteer();
  void tryModel(task)
    .then(() => send({ refusal: undefined }), (error: unknown) => send({ refusal: messageOf(error) }))
    .finally(() => process.disconnect());
});
