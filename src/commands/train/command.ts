import { Option, type Command } from 'commander';
import { Stages } from '../../platform/index.js';
import { interrupted } from '../interrupt.js';
import { repeatable } from '../support/flags.js';
import { planOf, specsOf, type TrainFlags } from './plan.js';
import { train } from './train.js';

export function trainCommand(command: Command): void {
  command
    .option('--out <folder>', 'where to write it; ./version-<time> unless given')
    .option('--mapping <file>', 'proposes the features, and names the products, from the mapping that the book was imported with')
    .option('--features <file>', 'the features to use, JSON (docs/scoring.md)')
    .option('--print-features', 'print the features as JSON, to be edited and given with --features, and stop')
    .option('--product <product>', 'train on loans of this product; repeatable', repeatable, [])
    .addOption(new Option('--family <family>', 'scorecard: logistic regression on weight-of-evidence bins; mlp: network; cnn: convolution over the repayment history').choices(['scorecard', 'mlp', 'cnn']))
    .option('--settings <file>', 'hyper-parameters, JSON (docs/scoring.md)')
    .option('--search <trials>', 'search hyper-parameters first: so many trials, cross-validated on the training loans')
    .option('--space <file>', 'with --search: what is varied, JSON (docs/scoring.md)')
    .option('--resume', 'with --search: go on with the trials recorded in --out')
    .option('--folds <k>', 'also cross-validate the settings on so many folds of the training loans')
    .option('--split <how>', 'what is held out: random:0.2 (always the same customers; random:0.2:7 for another draw), time:0.2, or the path of a split file', 'random:0.2')
    .addOption(new Option('--calibrate <how>', 'how log-odds become calibrated ones').choices(['platt', 'isotonic']))
    .option('--policy <file>', 'the decision policy, JSON (docs/scoring.md)')
    .option('--cost-ratio <ratio>', 'choose the approval line: a missed default costs this many times a refused good loan')
    .option('--approval-rate <share>', 'choose the approval line: this share of applicants is approved')
    .option('--override <finding>', 'go on in spite of a grave finding in the data, check=reason or check:feature=reason; repeatable', repeatable, [])
    .option('--against <version>', 'compare with this registered version on the same hold-out loans: its id')
    .option('--known-before <time>', 'look at no outcome that became known later; now unless given')
    .option('--seed <n>', 'same seed, data and backend: same version', '1')
    .option('--intended-use <text>', 'for the model card')
    .option('--limitations <text>', 'for the model card')
    .option('--ethics <text>', 'for the model card')
    .option('--contact <text>', 'for the model card: whom to ask')
    .option('--json', 'print one line of JSON at the end')
    .action(run);
}

async function run(flags: TrainFlags): Promise<void> {
  if (flags.printFeatures) return void process.stdout.write(`${JSON.stringify(await specsOf(flags), null, 2)}\n`);
  const { signal } = interrupted();
  const result = await train(await planOf(flags), new Stages(process.stderr), signal);
  process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : `${result.folder}/index.html shows the version; register it with: assay register ${result.folder} --model NAME\n`);
}
