import { resolve } from 'node:path';
import { z } from 'zod';
import { badInput } from '../base/index.js';

const flag = z.enum(['0', '1', 'true', 'false']).transform((text) => text === '1' || text === 'true');
const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://');
const webUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
/** Plain digits only: a blank, `0x50` or `1e3` is more likely a slip than a number. */
const whole = (min: number, max: number) =>
  z.string().regex(/^\d{1,10}$/, 'must be a whole number').transform(Number).pipe(z.number().min(min).max(max));

/** Entries with commas or line ends between them. */
const listed = (text: string): string[] => text.split(/[,\n]/).map((entry) => entry.trim()).filter((entry) => entry !== '');

/** Key, submission URL and, where it is another one, monitoring URL. */
const WITNESS = /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+(\s+https?:\/\/[^\s]+){1,2}$/;

const environment = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  ASSAY_HOME: z.string().default('.assay'),
  HOST: z.string().default('127.0.0.1'),
  PORT: whole(0, 65_535).default(4000),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_OWNER_URL: postgresUrl.optional(),
  DATABASE_READER_URL: postgresUrl.optional(),
  DATABASE_POOL: whole(1, 200).default(10),
  OIDC_ISSUER: webUrl.optional(),
  OIDC_AUDIENCE: z.string().min(1).default('assay'),
  OIDC_JWKS_URL: webUrl.optional(),
  OIDC_ROLES_CLAIM: z.string().min(1).default('roles'),
  DEV_ISSUER: flag.optional(),
  EMBEDDED_WAL_ARCHIVE: z.string().optional(),
  KEY_STORE: z.string().regex(/^(lmdb:.|postgres(ql)?:\/\/)/, 'must be lmdb:<folder> or postgres://…').optional(),
  KEY_STORE_PATH: z.string().optional(),
  KEY_ENCRYPTION_KEY_FILE: z.string().optional(),
  ACCEPT_LOST_KEYS: z.uuid('must be the id that the refusal names').optional(),
  LOG_ORIGIN: z.string().regex(/^[^\s+]+$/, 'must have no spaces and no plus; a name like log.example.com/assay').refine((name) => !/\/epoch-\d+$/.test(name), 'must not end in /epoch-N: that is how later epochs of a log are called').default('localhost/assay'),
  LOG_KEY_FILE: z.string().optional(),
  LOG_CHECKPOINT_FILE: z.string().optional(),
  EXPORT_FOLDER: z.string().optional(),
  WITNESSES: z.string().transform(listed).refine((entries) => entries.every((entry) => WITNESS.test(entry)), 'must list witnesses with commas between them, each as key and URL: witness.example/w1+0a1b2c3d+B… https://witness.example').optional(),
  WITNESS_QUORUM: whole(1, 64).optional(),
  ASSAY_TOKEN: z.string().min(1).optional(),
  SCORING_RUNTIME: z.enum(['onnx', 'tensorflow']).default('onnx'),
  ARTEFACT_MAX_BYTES: whole(1024, 512 * 1024 * 1024).default(64 * 1024 * 1024),
});

type Raw = Readonly<Record<string, string>>;
type Problem = readonly [name: string, message: string];

/** What settings ask of one another. Judged on the raw text, so that an unreadable value elsewhere hides nothing. */
function contradictions(env: Raw): Problem[] {
  const problems: Problem[] = [];
  const need = (name: string, why: string): void => void (env[name] || problems.push([name, `is needed ${why}`]));
  if (env['DATABASE_OWNER_URL'] || env['DATABASE_READER_URL']) need('DATABASE_URL', 'beside the other two: without it they would be ignored');
  if (env['EMBEDDED_WAL_ARCHIVE'] && env['DATABASE_URL']) problems.push(['EMBEDDED_WAL_ARCHIVE', 'is of the embedded PostgreSQL, but DATABASE_URL names another: set archive_command there']);
  if (env['KEY_STORE'] && env['KEY_STORE_PATH']) problems.push(['KEY_STORE_PATH', 'says the same as KEY_STORE, which is set: give one of the two']);
  if (env['KEY_STORE'] && [env['DATABASE_URL'], env['DATABASE_OWNER_URL'], env['DATABASE_READER_URL']].includes(env['KEY_STORE'])) problems.push(['KEY_STORE', 'must be another database than that of the data, on another server']);
  if (env['OIDC_JWKS_URL']) need('OIDC_ISSUER', 'beside OIDC_JWKS_URL: without it no token is accepted');
  if (env['WITNESS_QUORUM']) need('WITNESSES', 'beside WITNESS_QUORUM: without them nobody could sign');
  if (Number(env['WITNESS_QUORUM']) > listed(env['WITNESSES'] ?? '').length) problems.push(['WITNESS_QUORUM', 'must not be more than there are WITNESSES: no checkpoint would ever be witnessed']);
  return problems;
}

function productionProblems(env: Raw): Problem[] {
  if (env['NODE_ENV'] !== 'production') return [];
  const problems: Problem[] = [];
  const need = (name: string, why: string): void => void (env[name] || problems.push([name, `is needed in production: ${why}`]));
  need('DATABASE_URL', 'the embedded PostgreSQL is for trying Assay');
  need('OIDC_ISSUER', 'the identity provider whose tokens are accepted');
  if (!env['KEY_STORE_PATH']) need('KEY_STORE', 'where wrapped customer keys live: lmdb:<folder>, or postgres://… on another server than the data');
  need('KEY_ENCRYPTION_KEY_FILE', '32 bytes, base64, kept apart from the key store');
  need('LOG_ORIGIN', 'the name by which the transparency log is known to verifiers and witnesses; it never changes');
  need('LOG_KEY_FILE', 'the Ed25519 key with which the log signs');
  need('LOG_CHECKPOINT_FILE', 'where the last signed checkpoint is kept, outside the database and its backups');
  if (flag.safeParse(env['DEV_ISSUER']).data) problems.push(['DEV_ISSUER', 'must not be set in production: it signs tokens for anyone']);
  const urls = listed(env['WITNESSES'] ?? '').flatMap((entry) => entry.split(/\s+/).slice(1));
  if (urls.some(isPlainHttpAfar)) problems.push(['WITNESSES', 'must be asked over https in production: who changes answers on the way can stop the log from signing']);
  for (const name of ['OIDC_ISSUER', 'OIDC_JWKS_URL']) {
    if (isPlainHttpAfar(env[name])) problems.push([name, 'must be https in production: who can change the keys on the way can sign any token']);
  }
  return problems;
}

function isPlainHttpAfar(url: string | undefined): boolean {
  if (!url || !URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

export interface Config {
  readonly production: boolean;
  readonly home: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  /** Absent: the embedded PostgreSQL under `home` is used. */
  readonly database: (Omit<DatabaseUrls, 'owner'> & { readonly owner: string | undefined }) | undefined;
  readonly databasePool: number;
  /** Into which the embedded PostgreSQL copies its write-ahead log, for recovery to a point in time. */
  readonly walArchive: string | undefined;
  readonly oidc: { issuer: string; audience: string; jwksUrl: string | undefined; rolesClaim: string } | undefined;
  readonly devIssuer: boolean;
  readonly keyStore: KeyStoreConfig;
  readonly keyEncryptionKeyFile: string;
  /** The newest of the customers whose keys are lost for good, so that servers start all the same. */
  readonly acceptLostKeys: string | undefined;
  /** The name of the transparency log. */
  readonly logOrigin: string;
  readonly logKeyFile: string;
  /** The last signed checkpoint, outside the database and its backups. */
  readonly logCheckpointFile: string;
  /** Where exports of evidence are kept until they are taken away. */
  readonly exportFolder: string;
  /** Each as verifier key and URL. */
  readonly witnesses: readonly string[];
  /** How many of them make a checkpoint a witnessed one; 0 where there are none. */
  readonly witnessQuorum: number;
  /** What runs the models. There is no fallback from one to the other: a version that it cannot load is not scored with. */
  readonly scoringRuntime: 'onnx' | 'tensorflow';
  readonly artefactMaxBytes: number;
  /** Whom a command with --url acts as. */
  readonly token: string | undefined;
}

/** Where wrapped data keys live: in a folder of this machine, or in a PostgreSQL that is not that of the data. */
export type KeyStoreConfig = { readonly provider: 'lmdb'; readonly path: string } | { readonly provider: 'postgres'; readonly url: string };

function keyStoreOf(text: string | undefined): KeyStoreConfig | undefined {
  if (text === undefined) return undefined;
  return text.startsWith('lmdb:') ? { provider: 'lmdb', path: resolve(text.slice('lmdb:'.length)) } : { provider: 'postgres', url: text };
}

/** One URL per database role: the owner migrates, the application reads and appends, the reader only reads. */
export interface DatabaseUrls {
  readonly owner: string;
  readonly app: string;
  readonly reader: string;
}

/**
 * Parses the environment once.
 * @throws AssayError listing every problem, so that an operator mends the file in one go.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const e = parse(dropEmpty(env));
  const home = resolve(e.ASSAY_HOME);
  return {
    production: e.NODE_ENV === 'production',
    home,
    host: e.HOST,
    port: e.PORT,
    logLevel: e.LOG_LEVEL,
    database: e.DATABASE_URL
      ? { app: e.DATABASE_URL, owner: e.DATABASE_OWNER_URL, reader: e.DATABASE_READER_URL ?? e.DATABASE_URL }
      : undefined,
    databasePool: e.DATABASE_POOL,
    walArchive: e.EMBEDDED_WAL_ARCHIVE === undefined ? undefined : resolve(e.EMBEDDED_WAL_ARCHIVE),
    oidc: e.OIDC_ISSUER
      ? { issuer: e.OIDC_ISSUER, audience: e.OIDC_AUDIENCE, jwksUrl: e.OIDC_JWKS_URL, rolesClaim: e.OIDC_ROLES_CLAIM }
      : undefined,
    devIssuer: e.DEV_ISSUER ?? false,
    keyStore: keyStoreOf(e.KEY_STORE) ?? { provider: 'lmdb', path: resolve(e.KEY_STORE_PATH ?? `${home}/keys`) },
    keyEncryptionKeyFile: resolve(e.KEY_ENCRYPTION_KEY_FILE ?? `${home}/key-encryption.key`),
    acceptLostKeys: e.ACCEPT_LOST_KEYS,
    logOrigin: e.LOG_ORIGIN,
    logKeyFile: resolve(e.LOG_KEY_FILE ?? `${home}/log.key`),
    logCheckpointFile: resolve(e.LOG_CHECKPOINT_FILE ?? `${home}/log.checkpoint`),
    exportFolder: resolve(e.EXPORT_FOLDER ?? `${home}/exports`),
    witnesses: e.WITNESSES ?? [],
    // More than half, unless told otherwise.
    witnessQuorum: e.WITNESS_QUORUM ?? (e.WITNESSES ? Math.floor(e.WITNESSES.length / 2) + 1 : 0),
    scoringRuntime: e.SCORING_RUNTIME,
    artefactMaxBytes: e.ARTEFACT_MAX_BYTES,
    token: e.ASSAY_TOKEN,
  };
}

function parse(raw: Raw): z.output<typeof environment> {
  const parsed = environment.safeParse(raw);
  const unreadable = parsed.success ? [] : parsed.error.issues.map((issue): Problem => [issue.path.join('.'), issue.message]);
  const problems = new Map([...contradictions(raw), ...productionProblems(raw), ...unreadable]);
  if (parsed.success && problems.size === 0) return parsed.data;
  const lines = [...problems].map(([name, message]) => `  ${name}: ${message}`);
  throw badInput(`The environment cannot be used; see .env.example.\n${lines.join('\n')}`);
}

/** `NAME=` in an env file means "not set". */
function dropEmpty(env: NodeJS.ProcessEnv): Raw {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])));
}
