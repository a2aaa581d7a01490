import { resolve } from 'node:path';
import { z } from 'zod';
import { AssayError } from './errors.js';

const flag = z.enum(['0', '1', 'true', 'false']).transform((text) => text === '1' || text === 'true');
const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://');

const environment = z
  .object({
    NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
    ASSAY_HOME: z.string().default('.assay'),
    HOST: z.string().default('127.0.0.1'),
    PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    DATABASE_URL: postgresUrl.optional(),
    DATABASE_OWNER_URL: postgresUrl.optional(),
    DATABASE_READER_URL: postgresUrl.optional(),
    DATABASE_POOL: z.coerce.number().int().min(1).max(200).default(10),
    OIDC_ISSUER: z.url().optional(),
    OIDC_AUDIENCE: z.string().min(1).default('assay'),
    OIDC_JWKS_URL: z.url().optional(),
    OIDC_ROLES_CLAIM: z.string().min(1).default('roles'),
    DEV_ISSUER: flag.optional(),
    KEY_STORE_PATH: z.string().optional(),
    KEY_ENCRYPTION_KEY_FILE: z.string().optional(),
    ARTEFACT_MAX_BYTES: z.coerce.number().int().min(1024).max(512 * 1024 * 1024).default(64 * 1024 * 1024),
  })
  .superRefine((env, context) => {
    const problem = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if (env.DATABASE_URL && !env.DATABASE_OWNER_URL) {
      problem('DATABASE_OWNER_URL', 'is needed beside DATABASE_URL: the role that owns the tables and runs migrations');
    }
    if (env.NODE_ENV !== 'production') return;
    if (!env.DATABASE_URL) problem('DATABASE_URL', 'is needed in production: the embedded PostgreSQL is for trying Assay');
    if (!env.OIDC_ISSUER) problem('OIDC_ISSUER', 'is needed in production: the identity provider whose tokens are accepted');
    if (env.DEV_ISSUER) problem('DEV_ISSUER', 'must not be set in production: it signs tokens for anyone');
    if (!env.KEY_STORE_PATH) problem('KEY_STORE_PATH', 'is needed in production: where wrapped customer keys live');
    if (!env.KEY_ENCRYPTION_KEY_FILE) {
      problem('KEY_ENCRYPTION_KEY_FILE', 'is needed in production: 32 bytes, base64, kept apart from the key store');
    }
  });

export interface Config {
  readonly production: boolean;
  readonly home: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  /** Absent: the embedded PostgreSQL under `home` is used. */
  readonly database: DatabaseUrls | undefined;
  readonly databasePool: number;
  readonly oidc: { issuer: string; audience: string; jwksUrl: string | undefined; rolesClaim: string } | undefined;
  readonly devIssuer: boolean;
  readonly keyStorePath: string;
  readonly keyEncryptionKeyFile: string;
  readonly artefactMaxBytes: number;
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
  const parsed = environment.safeParse(dropEmpty(env));
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new AssayError('BAD_INPUT', `The environment cannot be used; see .env.example.\n${lines.join('\n')}`);
  }
  const e = parsed.data;
  const home = resolve(e.ASSAY_HOME);
  return {
    production: e.NODE_ENV === 'production',
    home,
    host: e.HOST,
    port: e.PORT,
    logLevel: e.LOG_LEVEL,
    database: e.DATABASE_URL
      ? { app: e.DATABASE_URL, owner: e.DATABASE_OWNER_URL ?? e.DATABASE_URL, reader: e.DATABASE_READER_URL ?? e.DATABASE_URL }
      : undefined,
    databasePool: e.DATABASE_POOL,
    oidc: e.OIDC_ISSUER
      ? { issuer: e.OIDC_ISSUER, audience: e.OIDC_AUDIENCE, jwksUrl: e.OIDC_JWKS_URL, rolesClaim: e.OIDC_ROLES_CLAIM }
      : undefined,
    devIssuer: e.DEV_ISSUER ?? false,
    keyStorePath: resolve(e.KEY_STORE_PATH ?? `${home}/keys`),
    keyEncryptionKeyFile: resolve(e.KEY_ENCRYPTION_KEY_FILE ?? `${home}/key-encryption.key`),
    artefactMaxBytes: e.ARTEFACT_MAX_BYTES,
  };
}

/** `NAME=` in an env file means "not set". */
function dropEmpty(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])));
}
