import { describe, expect, it } from '@jest/globals';
import { isAbsolute, resolve } from 'node:path';
import { AssayError, readConfig } from '../../src/platform/index.js';

const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://assay_app:a@db/assay',
  DATABASE_OWNER_URL: 'postgres://assay_owner:o@db/assay',
  DATABASE_READER_URL: 'postgres://assay_reader:r@db/assay',
  OIDC_ISSUER: 'https://id.example.com/realms/bank',
  KEY_STORE: 'postgres://assay_keys@keys.example/keys',
  KEY_ENCRYPTION_KEY_FILE: '/run/secrets/kek',
  LOG_ORIGIN: 'log.bank.example/assay',
  LOG_KEY_FILE: '/run/secrets/log.pem',
  LOG_CHECKPOINT_FILE: '/var/lib/assay/log.checkpoint',
};

/** The names that an environment is refused for. */
function problems(env: NodeJS.ProcessEnv): string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (!(error instanceof AssayError) || error.code !== 'BAD_INPUT') throw error;
    const [head, ...lines] = error.message.split('\n');
    expect(head).toBe('The environment cannot be used; see .env.example.');
    return lines.map((line) => /^ {2}(\w+): \S.*$/.exec(line)?.[1] ?? `unexpected line ${line}`);
  }
  return [];
}

describe('configuration', () => {
  it('needs nothing to try Assay: embedded database, loopback address, no accepted issuer', () => {
    expect(readConfig({})).toMatchObject({
      production: false,
      home: resolve('.assay'),
      host: '127.0.0.1',
      port: 4000,
      database: undefined,
      oidc: undefined,
      devIssuer: false,
      keyStore: { provider: 'lmdb', path: resolve('.assay/keys') },
      keyEncryptionKeyFile: resolve('.assay/key-encryption.key'),
    });
  });

  it('takes what production needs', () => {
    expect(readConfig(PRODUCTION)).toMatchObject({
      production: true,
      database: { app: PRODUCTION.DATABASE_URL, owner: PRODUCTION.DATABASE_OWNER_URL, reader: PRODUCTION.DATABASE_READER_URL },
      oidc: { issuer: PRODUCTION.OIDC_ISSUER, audience: 'assay', jwksUrl: undefined, rolesClaim: 'roles' },
      devIssuer: false,
      keyStore: { provider: 'postgres', url: PRODUCTION.KEY_STORE },
    });
  });

  it('reads with the application role where no reader is named', () => {
    const { DATABASE_READER_URL: _reader, ...rest } = PRODUCTION;
    expect(readConfig(rest).database?.reader).toBe(PRODUCTION.DATABASE_URL);
  });

  it('lists every problem at once, also rules of production beside values that cannot be read', () => {
    const env = { NODE_ENV: 'production', PORT: 'eighty', DATABASE_POOL: '0', LOG_LEVEL: 'loud', DEV_ISSUER: '1' };
    expect(problems(env).sort()).toEqual([
      'DATABASE_POOL', 'DATABASE_URL', 'DEV_ISSUER', 'KEY_ENCRYPTION_KEY_FILE', 'KEY_STORE', 'LOG_CHECKPOINT_FILE', 'LOG_KEY_FILE', 'LOG_LEVEL', 'LOG_ORIGIN', 'OIDC_ISSUER', 'PORT',
    ]);
  });

  it.each(Object.keys(PRODUCTION).filter((name) => !['NODE_ENV', 'DATABASE_OWNER_URL', 'DATABASE_READER_URL'].includes(name)))('production cannot do without %s', (name) => {
    expect(problems({ ...PRODUCTION, [name]: undefined })).toContain(name);
  });

  it('production refuses the development issuer, however it is switched on', () => {
    expect(problems({ ...PRODUCTION, DEV_ISSUER: '1' })).toEqual(['DEV_ISSUER']);
    expect(problems({ ...PRODUCTION, DEV_ISSUER: 'true' })).toEqual(['DEV_ISSUER']);
    expect(problems({ ...PRODUCTION, DEV_ISSUER: '0' })).toEqual([]);
  });

  it('production fetches keys over TLS, except from this machine', () => {
    expect(problems({ ...PRODUCTION, OIDC_ISSUER: 'http://id.example.com' })).toEqual(['OIDC_ISSUER']);
    expect(problems({ ...PRODUCTION, OIDC_JWKS_URL: 'http://id.example.com/jwks' })).toEqual(['OIDC_JWKS_URL']);
    expect(problems({ ...PRODUCTION, OIDC_ISSUER: 'http://127.0.0.1:8080', OIDC_JWKS_URL: 'http://localhost:8080/jwks' })).toEqual([]);
  });

  it.each([
    ['PORT', ' '], ['PORT', '0x50'], ['PORT', '65536'], ['PORT', '-1'], ['PORT', '80.5'], ['PORT', '1e3'],
    ['DATABASE_POOL', 'many'], ['DATABASE_URL', 'mysql://db/assay'], ['NODE_ENV', 'prod'], ['NODE_ENV', 'Production'], ['DEV_ISSUER', 'yes'],
    ['LOG_LEVEL', 'verbose'], ['OIDC_ISSUER', 'not a url'], ['OIDC_ISSUER', 'file:///etc/passwd'], ['ARTEFACT_MAX_BYTES', '12'], ['SCORING_RUNTIME', 'pytorch'], ['LOG_ORIGIN', 'log.example/epoch-2'],
  ])('refuses %s=%j rather than guess', (name, value) => {
    expect(problems({ [name]: value })).toContain(name);
  });

  it.each(['DATABASE_OWNER_URL', 'DATABASE_READER_URL'])('refuses %s without DATABASE_URL: it would be ignored', (name) => {
    expect(problems({ [name]: 'postgres://someone@db/assay' })).toEqual(['DATABASE_URL']);
  });

  it('refuses OIDC_JWKS_URL without OIDC_ISSUER: it would be ignored', () => {
    expect(problems({ OIDC_JWKS_URL: 'https://id.example.com/jwks' })).toEqual(['OIDC_ISSUER']);
  });

  it('serves without the owner: who reads the environment of a server must not be able to drop its rules', () => {
    expect(readConfig({ DATABASE_URL: 'postgres://assay_app@db/assay' }).database).toEqual({
      app: 'postgres://assay_app@db/assay', owner: undefined, reader: 'postgres://assay_app@db/assay',
    });
  });

  const WITNESS = 'witness.example/w1+0a1b2c3d+BAAA https://w1.example';

  it('takes witnesses with their URLs, more than half of them as a quorum unless told otherwise', () => {
    expect(readConfig({})).toMatchObject({ witnesses: [], witnessQuorum: 0 });
    const three = `${WITNESS}, ${WITNESS.replaceAll('w1', 'w2')} https://monitor.example\n${WITNESS.replaceAll('w1', 'w3')},`;
    expect(readConfig({ WITNESSES: three })).toMatchObject({ witnesses: [WITNESS, expect.stringContaining('monitor'), expect.stringContaining('w3')], witnessQuorum: 2 });
    expect(readConfig({ WITNESSES: three, WITNESS_QUORUM: '3' }).witnessQuorum).toBe(3);
    expect(problems({ WITNESSES: three, WITNESS_QUORUM: '4' })).toEqual(['WITNESS_QUORUM']);
    expect(problems({ WITNESS_QUORUM: '1' })).toEqual(expect.arrayContaining(['WITNESSES']));
    for (const wrong of ['w1', 'https://w1.example', `${WITNESS} ftp://x`, WITNESS.replace('+0a1b2c3d', '+0a1b')]) expect(problems({ WITNESSES: wrong })).toEqual(['WITNESSES']);
    expect(problems({ ...PRODUCTION, WITNESSES: WITNESS.replace('https', 'http') })).toEqual(['WITNESSES']);
    expect(problems({ ...PRODUCTION, WITNESSES: WITNESS.replace('https://w1.example', 'http://localhost:4100') })).toEqual([]);
  });

  it('does not repeat secrets in what it says', () => {
    let message = '';
    try {
      readConfig({ DATABASE_URL: 'mysql://root:hunter2@db/assay', DATABASE_OWNER_URL: 'hunter2' });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('DATABASE_URL');
    expect(message).not.toContain('hunter2');
  });

  it('takes the key store as a folder, as of earlier releases too, or as another PostgreSQL', () => {
    expect(readConfig({ KEY_STORE: 'lmdb:/var/lib/assay/keys' }).keyStore).toEqual({ provider: 'lmdb', path: '/var/lib/assay/keys' });
    expect(readConfig({ KEY_STORE_PATH: '/var/lib/assay/keys' }).keyStore).toEqual({ provider: 'lmdb', path: '/var/lib/assay/keys' });
    expect(problems({ KEY_STORE: '/var/lib/assay/keys' })).toEqual(['KEY_STORE']);
    expect(problems({ KEY_STORE: 'lmdb:/a', KEY_STORE_PATH: '/b' })).toEqual(['KEY_STORE_PATH']);
    expect(problems({ ...PRODUCTION, KEY_STORE: PRODUCTION.DATABASE_URL })).toEqual(['KEY_STORE']);
  });

  it('treats an empty value as not set', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '', OIDC_ISSUER: '' })).toMatchObject({ port: 4000, database: undefined, oidc: undefined });
  });

  it('gives absolute paths, so that nothing depends on where a command runs', () => {
    const config = readConfig({ ASSAY_HOME: 'somewhere' });
    for (const path of [config.home, config.keyEncryptionKeyFile]) expect(isAbsolute(path)).toBe(true);
    expect(config.keyStore).toEqual({ provider: 'lmdb', path: resolve('somewhere/keys') });
  });
});
