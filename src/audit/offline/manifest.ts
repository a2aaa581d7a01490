import { isObject, readObject, type Json } from './json.js';

export interface Listed {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly rows?: number;
}

/** What an export says of itself. What came with completed.json is absent in those of earlier releases. */
export interface Manifest {
  readonly format: string;
  /** The export, as the log's events name it. */
  readonly export?: string;
  readonly scope: { readonly customerId?: string; readonly versionId?: string; readonly since?: string; readonly before?: string };
  /** Of an export of a version: its model, of which it has the acts as well. */
  readonly model?: string;
  readonly until: string;
  readonly checkpoint: string;
  readonly predictions: number;
  readonly events: number;
  readonly files: readonly Listed[];
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isTime = (value: unknown): boolean => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const isText = (value: unknown): boolean => typeof value === 'string';
const orAbsent = (is: (value: unknown) => boolean) => (value: unknown): boolean => value === undefined || is(value);

const isScope = (value: unknown): boolean =>
  isObject(value) && Object.keys(value).length > 0 && [value['customerId'], value['versionId']].every(orAbsent(isText)) && [value['since'], value['before']].every(orAbsent(isTime));

const isListed = (value: unknown): boolean =>
  isObject(value) && isText(value['name']) && isCount(value['bytes']) && /^[0-9a-f]{64}$/.test(String(value['sha256'])) && orAbsent(isCount)(value['rows']);

const PARTS: Readonly<Record<keyof Manifest, (value: unknown) => boolean>> = {
  format: isText, export: orAbsent(isText), scope: isScope, model: orAbsent(isText), until: isTime, checkpoint: isText, predictions: isCount, events: isCount,
  files: (value) => Array.isArray(value) && value.every(isListed),
};

/** @throws SyntaxError naming what is wrong */
export function readManifest(text: string): Manifest {
  const manifest: Json = readObject(text, 'manifest.json');
  if (manifest['format'] !== 'assay-evidence@1') throw new SyntaxError(`manifest.json: its format is ${JSON.stringify(manifest['format'])}, not "assay-evidence@1".`);
  const wrong = Object.entries(PARTS).find(([name, fits]) => !fits(manifest[name]));
  if (wrong) throw new SyntaxError(`manifest.json: ${wrong[0]} is missing, or is not what it should be.`);
  return manifest as unknown as Manifest;
}
