import { setTimeout as wait } from 'node:timers/promises';
import { Argument, type Command } from 'commander';
import { recordEvent, type AuditEvent } from '../audit/index.js';
import { indexEverybody, rotateIndexKey } from '../customers/index.js';
import { badInput, readConfig, refused, Stages, type StageProgress } from '../platform/index.js';
import { openRuntime, type Runtime } from '../runtime.js';
import { addKeyEncryptionKey, dropOldKeyEncryptionKeys, INSTALLATION, keyStatus, LEAD_MILLISECONDS, rewrapAll, rotateDataKeys, type KeyStatus } from '../security/index.js';

const ACTS = ['status', 'list', 'rotate', 'retire', 'index'] as const;
type Act = (typeof ACTS)[number];

interface KeysFlags {
  readonly keyEncryptionKey?: boolean;
  readonly dataKeys?: boolean;
  readonly indexKey?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
}

export function keysCommand(command: Command): void {
  command
    .addArgument(new Argument('<act>', 'status (or list): what there is; rotate: new keys, see the options; retire: take key-encryption keys that wrap nothing out of their file; index: write the blind index for everybody').choices(ACTS))
    .option('--key-encryption-key', 'with rotate: wrap every data key under a new key-encryption key')
    .option('--data-keys', 'with rotate: give every customer a new data key for what is recorded from two minutes later on')
    .option('--index-key', 'with rotate: give the index of national ids and e-mail addresses a new key')
    .option('--no-wait', 'with rotate --index-key: do not wait two minutes for servers to learn of the new key; none is running')
    .option('--json', 'print one line of JSON at the end')
    .action(run);
}

async function run(act: Act, flags: KeysFlags): Promise<void> {
  const asked = [flags.keyEncryptionKey, flags.dataKeys, flags.indexKey].filter(Boolean).length;
  if (act === 'rotate' && asked !== 1) throw badInput('assay keys rotate: say what: --key-encryption-key, --data-keys or --index-key.');
  if (act !== 'rotate' && asked > 0) throw badInput(`assay keys ${act} takes none of --key-encryption-key, --data-keys, --index-key: they belong to rotate.`);
  const runtime = await openRuntime(readConfig());
  const stages = new Stages(process.stderr);
  try {
    if (act === 'rotate') await rotate(runtime, stages, flags);
    else if (act === 'retire') await retire(runtime, stages);
    else if (act === 'index') await stages.run('index', 'Write the blind index', (progress) => indexEverybody((work) => runtime.db.transaction(work), runtime.keys, advancing(progress)), (count) => `${count.toLocaleString('en')} customers`);
    tell(await stages.run('status', 'Read the key store', () => keyStatus(runtime.keys), ({ store }) => store), flags.json ?? false);
  } finally {
    await runtime.close();
  }
}

const advancing = (progress: StageProgress) => (done: number, of: number): void => progress.advance(done, of, 'entries');

async function rotate(runtime: Runtime, stages: Stages, { keyEncryptionKey, dataKeys, wait: patient }: KeysFlags): Promise<void> {
  const { keys, db } = runtime;
  const rotated = keyEncryptionKey ? 'KEY_ENCRYPTION_KEY' : dataKeys ? 'DATA_KEYS' : 'INDEX_KEY';
  await witness(runtime, { type: 'KEYS_ACT_BEGUN', payload: { act: 'ROTATION', keys: rotated } });
  if (keyEncryptionKey) {
    const version = await newKeyEncryptionKey(runtime);
    const { changed } = await stages.run('rewrap', `Wrap every key under version ${version}`, (progress) => rewrapAll(keys, advancing(progress)), ({ changed: count, entries }) => `${count.toLocaleString('en')} of ${entries.toLocaleString('en')}, the others were`);
    await witness(runtime, { type: 'KEYS_ROTATED', payload: { keys: rotated, entries: changed, version } });
    process.stderr.write('The old key is still in the file, for servers that have not read it anew. When all have: assay keys retire.\n');
  } else if (dataKeys) {
    const { changed } = await stages.run('rotate', 'Give every customer a new data key', (progress) => rotateDataKeys(keys, advancing(progress)), ({ changed: count }) => `${count.toLocaleString('en')} customers; it seals in ${LEAD_MILLISECONDS / 60_000} minutes, when every server knows it`);
    await witness(runtime, { type: 'KEYS_ROTATED', payload: { keys: rotated, entries: changed, version: null } });
  } else {
    const untilKnown = (progress: StageProgress) => async (): Promise<void> => {
      const until = Date.now() + (patient ? LEAD_MILLISECONDS : 0);
      for (; Date.now() < until; await wait(1_000)) progress.update(`${Math.ceil((until - Date.now()) / 1_000)} s until every server knows the new key`);
    };
    const { version, customers } = await stages.run('index', 'Give the blind index a new key', (progress) => rotateIndexKey((work) => db.transaction(work), keys, untilKnown(progress), advancing(progress)), (done) => `version ${done.version}, ${done.customers.toLocaleString('en')} customers`);
    await witness(runtime, { type: 'KEYS_ROTATED', payload: { keys: rotated, entries: customers, version } });
  }
}

/** The newest of the file, where something is not wrapped under it yet: an interrupted rotation, or a key that was put there by hand. A new one otherwise. */
async function newKeyEncryptionKey({ keys, config }: Runtime): Promise<number> {
  const { current, wrappedUnder } = await keyStatus(keys);
  if ([...wrappedUnder.keys()].some((version) => version !== current)) return current;
  return addKeyEncryptionKey(config.keyEncryptionKeyFile);
}

async function retire(runtime: Runtime, stages: Stages): Promise<void> {
  const { keys, config } = runtime;
  const { current, wrappedUnder } = await keyStatus(keys);
  const others = [...wrappedUnder].filter(([version]) => version !== current);
  if (others.length > 0) throw refused(`${others.map(([version, count]) => `${count} keys are wrapped under version ${version}`).join(', ')}. Run first: assay keys rotate --key-encryption-key`);
  await witness(runtime, { type: 'KEYS_ACT_BEGUN', payload: { act: 'RETIREMENT', keys: 'KEY_ENCRYPTION_KEY' } });
  const dropped = await dropOldKeyEncryptionKeys(config.keyEncryptionKeyFile);
  await witness(runtime, { type: 'KEYS_RETIRED', payload: { versions: dropped } });
  stages.say(dropped.length === 0 ? 'There is no old key-encryption key.' : `Version ${dropped.join(', ')} is no longer in ${config.keyEncryptionKeyFile}. Destroy every copy of it: what is left of destroyed keys in backups of the key store then opens under no key.`);
}

type Told = Pick<Extract<AuditEvent, { type: 'KEYS_ACT_BEGUN' | 'KEYS_ROTATED' | 'KEYS_RETIRED' }>, 'type' | 'payload'>;

/** What the log is not told of is not begun. */
const witness = ({ db }: Runtime, told: Told): Promise<void> =>
  db.transaction((tx) => recordEvent(tx, { ...told, id: INSTALLATION, actor: INSTALLATION, time: new Date() } as AuditEvent));

function tell(status: KeyStatus, json: boolean): void {
  const { store, customers, current, wrappedUnder, dataKeyVersions, rotationSince } = status;
  const told = { store, customers, current, wrappedUnder: Object.fromEntries(wrappedUnder), dataKeyVersions: Object.fromEntries(dataKeyVersions), rotationSince: rotationSince ?? null };
  if (json) return void process.stdout.write(`${JSON.stringify(told)}\n`);
  const lines = [
    `Key store          ${store}`,
    `Customers          ${customers.toLocaleString('en')}`,
    `Wrapped under      ${[...wrappedUnder].map(([version, count]) => `version ${version}: ${count.toLocaleString('en')}`).join(', ') || 'nothing'} (current: version ${current})`,
    `Versions of a key  ${[...dataKeyVersions].map(([versions, count]) => `${versions}: ${count.toLocaleString('en')} customers`).join(', ') || 'none'}`,
    ...(rotationSince ? [`A rotation of data keys began at ${rotationSince.toISOString()} and is not over. Run again: assay keys rotate --data-keys`] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
