import { Option, type Command } from 'commander';
import { DecisionPurposeEnum, type DecisionPurpose } from '../../models/index.js';
import { AssayError, badInput, Stages, refused } from '../../platform/index.js';
import { interrupted } from '../interrupt.js';
import { openApi, type OpenApi } from '../support/api.js';
import { repeatable, whole } from '../support/flags.js';
import { accountIdentity } from '../support/local-account.js';
import { readVersionFolder } from '../version-folder/files.js';
import { adoptIntoFolder, type AdoptFlags } from './adopt.js';
import { registerFolder, type NewModelFlags, type RegisteredVersion } from './register-folder.js';

interface RegisterFlags extends AdoptFlags {
  readonly model: string;
  readonly create?: boolean;
  readonly purpose?: string;
  readonly decisionPurpose: DecisionPurpose;
  readonly horizon: string;
  readonly trainedBy: readonly string[];
  readonly url?: string;
  readonly json?: boolean;
}

export function registerCommand(command: Command): void {
  command
    .argument('[folder]', 'what assay train wrote; or --onnx')
    .option('--onnx <file>', 'a model of your own (PyTorch, scikit-learn, XGBoost, …): measured on the recorded book, then registered')
    .option('--layers-model <folder>', 'the same for a TensorFlow.js LayersModel: the folder of its model.json')
    .option('--features <file>', 'with --onnx: its feature schema, JSON (docs/modelling.md)')
    .option('--sample <file>', "with --onnx: rows with the library's own probabilities, JSON (docs/modelling.md)")
    .option('--input <name>', 'with --onnx: the input of the graph, where it has several')
    .option('--output <name>', 'with --onnx: the output that holds the score, where several could')
    .addOption(new Option('--output-is <scale>', 'with --onnx: what that output is').choices(['probability', 'logit']))
    .option('--split <how>', 'with --onnx: random:0.2 (always the same customers; random:0.2:7 for another draw), time:0.2, or the path of a split file', 'random:0.2')
    .option('--policy <file>', 'with --onnx: the decision policy, JSON')
    .option('--cost-ratio <ratio>', 'with --onnx: as for assay train')
    .option('--approval-rate <share>', 'with --onnx: as for assay train')
    .option('--known-before <time>', 'with --onnx: as for assay train')
    .option('--against <version>', 'with --onnx: as for assay train')
    .option('--override <finding>', 'as for assay train; repeatable', repeatable, [])
    .option('--seed <n>', 'with --onnx: as for assay train', '1')
    .option('--out <folder>', 'with --onnx: keep the version folder that is registered')
    .requiredOption('--model <name>', 'the model it is a version of: its name or its id')
    .option('--create', 'register the model too, where there is none of that name; it is of tier HIGH until two ADMINs say otherwise')
    .option('--product <product>', 'a product that the model serves (--create) and is measured on (--onnx); repeatable', repeatable, [])
    .option('--purpose <text>', 'with --create: what its number means, e.g. "PD, retail cards"')
    .addOption(new Option('--decision-purpose <purpose>', 'with --create: the decision it serves').choices(Object.keys(DecisionPurposeEnum)).default('ORIGINATION'))
    .option('--horizon <months>', 'with --create: months over which it gives the PD', '12')
    .option('--trained-by <id>', 'who trained it, if not you: the id of a User; they get no vote either; repeatable', repeatable, [])
    .option('--url <url>', 'a running Assay, with a token in ASSAY_TOKEN; without it the database of this machine, as the local account')
    .option('--json', 'print one line of JSON at the end')
    .action(register);
}

async function register(path: string | undefined, flags: RegisterFlags): Promise<void> {
  if ([path, flags.onnx, flags.layersModel].filter((what) => what !== undefined).length !== 1) throw badInput('Say what to register: the folder that assay train wrote, --onnx FILE, or --layers-model FOLDER: one of them.');
  const create = newModelOf(flags);
  const stages = new Stages(process.stderr);
  if (path !== undefined) return registerFrom(path, create, flags, stages);
  const adopted = await adoptIntoFolder(flags, stages, interrupted().signal);
  try {
    await registerFrom(adopted.folder, create, flags, stages);
  } finally {
    await adopted.remove();
  }
}

async function registerFrom(path: string, create: NewModelFlags | undefined, flags: RegisterFlags, stages: Stages): Promise<void> {
  const folder = await readVersionFolder(path);
  const open = await openApi(flags.url, ['MODEL_OWNER']);
  try {
    const registered = await stages.run(
      'register',
      `Register ${flags.onnx ?? flags.layersModel ?? path}`,
      () => registerFolder(open.api, { folder, model: flags.model, create, trainedBy: flags.trainedBy }).catch((error: unknown) => Promise.reject(explained(error, open))),
      described,
    );
    if (flags.json) process.stdout.write(`${JSON.stringify(registered)}\n`);
  } finally {
    await open.close();
  }
}

const described = ({ version, state, model, dossier }: RegisteredVersion): string => `version ${version} of "${model.name}" is a ${state}, dossier ${dossier.digest.slice(0, 16)}…`;

function newModelOf({ create, product: products, purpose, decisionPurpose, horizon }: RegisterFlags): NewModelFlags | undefined {
  if (!create) return undefined;
  if (purpose === undefined) throw badInput('--create needs --purpose: what the number of the model means, e.g. "PD, retail cards".');
  return { products, purpose, decisionPurpose, horizonMonths: whole(horizon, '--horizon') };
}

/** The local account needs a grant like anyone else; the sentence then says whom to name in it. */
function explained(error: unknown, { runtime }: OpenApi): unknown {
  if (!runtime || !(error instanceof AssayError) || !error.message.includes('holds no current grant')) return error;
  const { issuer, subject } = accountIdentity();
  return refused(`${error.message} The identity to grant it to: issuer "${issuer}", subject "${subject}" (docs/modelling.md).`);
}
