import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { figure, type BenchEnv, type BenchGroup, type Figure } from './types.js';

interface DemoLine {
  readonly metrics: { readonly auc: number; readonly ks: number; readonly brier: number };
  readonly predictions: { readonly scored: number };
  readonly replay: { readonly checked: number; readonly reproduced: number; readonly maxAbsDifference: number };
  readonly seconds: Readonly<Record<string, number>>;
}

/** The demonstration as a user runs it after `npm ci`, compiling included, in a fresh folder. */
async function demoOnce(env: BenchEnv, name: string, args: readonly string[]): Promise<{ line: DemoLine; seconds: number }> {
  const started = performance.now();
  const child = spawn('npm', ['run', '--silent', 'demo', '--', '--once', '--json', ...args], {
    cwd: env.project,
    env: { ...process.env, ASSAY_HOME: join(env.work, name) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`demo --once ${args.join(' ')} exited with ${String(code)}`);
  return { line: JSON.parse(output) as DemoLine, seconds: (performance.now() - started) / 1_000 };
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

export const syntheticGroup: BenchGroup = {
  name: 'demo',
  async run(env) {
    const { line, seconds } = await demoOnce(env, 'synthetic', []);
    return [
      figure('demo', 'default book, whole run', round(seconds, 1), 's', '<= 60'),
      figure('demo', 'default book, hold-out AUC of the recorded predictions', round(line.metrics.auc, 4), '', null),
      figure('demo', 'default book, scored through the API', Math.round(line.predictions.scored / line.seconds['score']!), 'loans/s', null),
      ...replayFigures('demo', line),
    ];
  },
};

export const taiwanGroup: BenchGroup = {
  name: 'taiwan',
  async run(env) {
    const data = env.data && join(env.data, 'UCI_Credit_Card.csv');
    if (!data || !existsSync(data)) {
      env.say('  taiwan: ../shared/data/UCI_Credit_Card.csv is not there');
      return [{ ...figure('taiwan', 'not measured: the data set is absent', 0, '', '>= 0.765'), ok: false }];
    }
    const { line, seconds } = await demoOnce(env, 'taiwan', ['--data', data, '--mapping', join(env.project, 'mappings/taiwan.json')]);
    return [
      figure('taiwan', 'hold-out AUC of the recorded predictions', round(line.metrics.auc, 4), '', '>= 0.765'),
      figure('taiwan', 'hold-out KS', round(line.metrics.ks, 4), '', null),
      figure('taiwan', 'hold-out Brier', round(line.metrics.brier, 4), '', null),
      figure('taiwan', 'whole run', round(seconds, 1), 's', '<= 180'),
      ...replayFigures('taiwan', line),
    ];
  },
};

const replayFigures = (group: string, { replay }: DemoLine): Figure[] => [
  figure(group, 'predictions reproduced by replay', replay.reproduced / replay.checked, 'share', '>= 1'),
  figure(group, 'largest difference of a replay', replay.maxAbsDifference, '', '<= 0'),
];
