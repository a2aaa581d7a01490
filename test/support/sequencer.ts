import { createRequire } from 'node:module';
import type Sequencer from '@jest/test-sequencer';

// Its types describe the CommonJS module, so that is what is loaded.
const { default: Base } = createRequire(import.meta.url)('@jest/test-sequencer') as typeof Sequencer;

type Test = Parameters<Sequencer.default['sort']>[0][number];

/** Longest first, as they were when measured: they take from half a minute to two. */
const LONGEST = [
  'commands/demo', 'commands/train', 'scoring/training', 'models/maker-checker', 'scoring/build-families', 'commands/export', 'scoring/search/worker', 'commands/commands',
  'commands/stop-switch', 'audit/log/witnesses', 'platform/embedded-postgres',
];

const rank = ({ path }: Test): number => {
  const at = LONGEST.findIndex((name) => path.endsWith(`${name}.test.js`));
  return at < 0 ? LONGEST.length : at;
};

/** On a fresh clone nothing is known of how long suites take; Jest would begin with the largest files, and end with one worker idle beside a long suite. */
export default class LongestFirst extends Base {
  override sort(tests: Test[]): Test[] {
    const sorted = super.sort(tests) as Test[];
    return sorted.some(({ duration }) => duration !== undefined) ? sorted : sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
