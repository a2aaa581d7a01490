import { randomBytes } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { badInput, refused } from '../../platform/index.js';
import { keyVersionOf, seal, unseal, type Place } from './cipher.js';

const KEY_BYTES = 32;

/** A key to wrap or to unwrap, and whose it is; bound to the wrapped bytes, so that they cannot be put under another's. */
export interface Placed {
  readonly place: Place;
  readonly bytes: Buffer;
}

/**
 * Wraps data keys under key-encryption keys: a file of keys, or a KMS. Many at once, since a KMS answers over a network;
 * and unwrapped keys are remembered for a minute, so that it is not asked for each read.
 */
export interface KeyEncryption {
  /** The version under which keys are wrapped from now on. */
  current(): Promise<number>;
  /** In the order given; each names the version that it is wrapped under, see `versionOf`. */
  wrapAll(keys: readonly Placed[]): Promise<Buffer[]>;
  /** @throws where a version is unknown, or the bytes are not what was wrapped there */
  unwrapAll(wrapped: readonly Placed[]): Promise<Buffer[]>;
  /** The version of the key-encryption key that wrapped these bytes. */
  versionOf(wrapped: Uint8Array): number;
}

/** Key-encryption keys held in memory, by version. The highest wraps. */
export class HeldKeys implements KeyEncryption {
  constructor(protected keys: ReadonlyMap<number, Buffer>) {}

  async current(): Promise<number> {
    return Math.max(...this.keys.keys());
  }

  async wrapAll(keys: readonly Placed[]): Promise<Buffer[]> {
    const version = await this.current();
    return keys.map(({ place, bytes }) => seal(this.keys.get(version)!, place, bytes, version));
  }

  async unwrapAll(wrapped: readonly Placed[]): Promise<Buffer[]> {
    return wrapped.map(({ place, bytes }) => unseal(this.keyOf(this.versionOf(bytes)), place, bytes));
  }

  versionOf(wrapped: Uint8Array): number {
    return keyVersionOf(wrapped);
  }

  private keyOf(version: number): Buffer {
    const key = this.keys.get(version);
    if (key) return key;
    throw refused(`A key is wrapped under version ${version} of the key-encryption key, which is not here; there are ${[...this.keys.keys()].join(', ')}. Put it back beside the others until assay keys status tells that nothing is wrapped under it.`);
  }
}

/** The keys of a file, read again when the file has changed, so that servers go on while keys are rotated. */
export class FileKeys extends HeldKeys {
  private constructor(
    private readonly path: string,
    keys: ReadonlyMap<number, Buffer>,
    private seen: string,
  ) {
    super(keys);
  }

  static async open(path: string): Promise<FileKeys> {
    return new FileKeys(path, parseKeyEncryptionKeys(await readFile(path, 'utf8'), path), await stampOf(path));
  }

  /** The versions that the file holds. */
  get versions(): number[] {
    return [...this.keys.keys()].sort((a, b) => a - b);
  }

  override async current(): Promise<number> {
    await this.refresh();
    return super.current();
  }

  override async unwrapAll(wrapped: readonly Placed[]): Promise<Buffer[]> {
    if (wrapped.some(({ bytes }) => !this.keys.has(this.versionOf(bytes)))) await this.refresh();
    return super.unwrapAll(wrapped);
  }

  private async refresh(): Promise<void> {
    const stamp = await stampOf(this.path).catch(unlessAway);
    if (stamp === undefined || stamp === this.seen) return;
    const text = await readFile(this.path, 'utf8').catch(unlessAway);
    if (text === undefined) return;
    this.keys = parseKeyEncryptionKeys(text, this.path);
    this.seen = stamp;
  }
}

async function stampOf(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path);
  return `${mtimeMs} ${size} ${ino}`;
}

/** A file that is away for a moment, while it is replaced, is taken to be as it was. */
function unlessAway(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** @throws BAD_INPUT unless the text is 32 bytes in base64 and nothing else */
export function parseKeyEncryptionKey(text: string, where: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === KEY_BYTES && key.toString('base64') === text.trim()) return key;
  throw badInput(`${where} must hold ${KEY_BYTES} bytes in base64 and nothing else. Make one with: openssl rand -base64 32`);
}

const NUMBERED = /^([1-9]\d{0,4})[ \t]+(\S+)$/;

/**
 * Key-encryption keys by version: a line for each, `version key`; the first, version 1, may stand without its version.
 * @throws BAD_INPUT for anything else, without telling what is there
 */
export function parseKeyEncryptionKeys(text: string, where: string): Map<number, Buffer> {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  if (lines.length <= 1 && !NUMBERED.test(lines[0] ?? '')) return new Map([[1, parseKeyEncryptionKey(text, where)]]);
  const keys = new Map<number, Buffer>();
  for (const [index, line] of lines.entries()) {
    const [, number, key] = NUMBERED.exec(index === 0 && !NUMBERED.test(line) ? `1 ${line}` : line) ?? [];
    if (number === undefined || Number(number) > 65_535 || keys.has(Number(number))) {
      throw badInput(`${where} must hold ${KEY_BYTES} bytes in base64 and nothing else, or a line "<version> <key>" for each key, no version twice. Make one with: openssl rand -base64 32`);
    }
    keys.set(Number(number), parseKeyEncryptionKey(key!, `${where}, version ${number},`));
  }
  return keys;
}

export const writtenKeys = (keys: ReadonlyMap<number, Buffer>): string => [...keys].map(([version, key]) => `${version} ${key.toString('base64')}\n`).join('');

/** Adds the next version to a file of keys. @returns which */
export async function addKeyEncryptionKey(path: string): Promise<number> {
  const keys = parseKeyEncryptionKeys(await readFile(path, 'utf8'), path);
  const version = Math.max(...keys.keys()) + 1;
  await replaceFile(path, writtenKeys(new Map([...keys, [version, randomBytes(KEY_BYTES)]])));
  return version;
}

/** Leaves the highest version alone in a file of keys. @returns which were taken out */
export async function dropOldKeyEncryptionKeys(path: string): Promise<number[]> {
  const keys = parseKeyEncryptionKeys(await readFile(path, 'utf8'), path);
  const newest = Math.max(...keys.keys());
  const old = [...keys.keys()].filter((version) => version !== newest);
  if (old.length > 0) await replaceFile(path, writtenKeys(new Map([[newest, keys.get(newest)!]])));
  return old;
}

/** Whole or not at all. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true }).catch((error: NodeJS.ErrnoException) => {
    throw refused(`${path} cannot be changed here (${error.code}). Add the line "<version> <key>" to it where it is kept, with a key from: openssl rand -base64 32; then run the same command again.`);
  });
  await rename(draft, path);
}
