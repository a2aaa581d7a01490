import { join } from 'node:path';
import { buildVersion } from '../../src/scoring/index.js';
import { figure, type BenchEnv, type BenchGroup, type Figure } from '../types.js';
import { labelled, openBenchBook, type BenchBook } from './book.js';
import { germanQuality, round, taiwanQuality } from './quality.js';
import { speedFigures } from './speed.js';

const TRIALS = 30;

/** A search on the training rows of Taiwan, then the version it finds, measured on the hold-out. */
async function searchFigures(book: BenchBook, env: BenchEnv): Promise<Figure[]> {
  env.say(`  Taiwan, search of ${TRIALS} trials`);
  const [train, test] = ['train', 'holdout'].map((part) => labelled(book.rows.filter((row) => row.part === part)));
  let rung = 0;
  const { search, report } = await buildVersion({
    specs: book.specs, ...train!, holdout: test!, seed: 1, search: { folder: join(env.work, 'search'), budget: { trials: TRIALS } },
    onProgress: (at) => {
      if (at.stage !== 'search' || at.rung === rung) return;
      rung = at.rung;
      env.say(`    rung ${at.rung} of ${at.rungs}, ${at.done} of ${at.total} fits`);
    },
  });
  const { run } = search!;
  return [
    figure('scoring', `search of ${TRIALS} trials on Taiwan`, round(run.seconds / 60, 1), 'min', '<= 15'),
    figure('scoring', 'share of both cores that it keeps busy', round(run.utilisation ?? 0, 2), '', null),
    figure('scoring', 'hold-out AUC of what it found', round(report.evaluation.metrics.auc, 4), '', null),
  ];
}

export const group: BenchGroup = {
  name: 'scoring',
  async run(env) {
    const [taiwan, german] = [await openBenchBook(env, 'taiwan'), await openBenchBook(env, 'german')];
    if (!taiwan || !german) {
      env.say('  scoring: the data sets are not in ../shared/data');
      return [{ ...figure('scoring', 'not measured: the data sets are absent', 0, '', '>= 0.783'), ok: false }];
    }
    const { figures, version } = await taiwanQuality(taiwan, env.say);
    return [...figures, await germanQuality(german, env.say), ...(await speedFigures(taiwan, version)), ...(await searchFigures(taiwan, env))];
  },
};
