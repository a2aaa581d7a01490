import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dossier, Upload } from '../../models/index.js';
import { badInput, sha256 } from '../../platform/index.js';
import { readJson } from '../support/json-file.js';

/** The files of a version folder that become artefacts, by the names that dossiers give them. */
export const ARTEFACT_FILES: Readonly<Record<keyof Dossier['artefacts'], string>> = {
  onnx: 'model.onnx',
  featureSchema: 'feature-schema.json',
  referenceSet: 'reference-set.json',
  paritySample: 'parity-sample.json',
  layersModel: 'layers-model.json',
  report: 'report.json',
};

export const DOSSIER_FILE = 'dossier.json';

/** What a version folder holds for the registry. */
export interface VersionFolder {
  /** As its author wrote it; the registry checks it. */
  readonly dossier: Readonly<Record<string, unknown>> & { readonly artefacts: Readonly<Record<string, string>> };
  readonly uploads: readonly Upload[];
}

/**
 * Reads a folder that `assay train` wrote, or one of the same make.
 * @throws BAD_INPUT when it is none, a file is missing, or a file is not the one that the dossier names
 */
export async function readVersionFolder(folder: string): Promise<VersionFolder> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw badInput(`${folder}: there is no such folder. Name one that assay train has written.`);
  const dossier = await readJson(join(folder, DOSSIER_FILE));
  if (!hasArtefacts(dossier)) throw badInput(`${join(folder, DOSSIER_FILE)}: names no artefacts, so this is not the dossier of a version. Name a folder that assay train has written.`);
  const uploads = await Promise.all(Object.entries(dossier.artefacts).map(([name, digest]) => readArtefact(folder, name, digest)));
  return { dossier, uploads };
}

function hasArtefacts(dossier: unknown): dossier is VersionFolder['dossier'] {
  const artefacts = typeof dossier === 'object' && dossier !== null && 'artefacts' in dossier ? dossier.artefacts : undefined;
  return typeof artefacts === 'object' && artefacts !== null && Object.keys(artefacts).length > 0;
}

async function readArtefact(folder: string, name: string, digest: string): Promise<Upload> {
  if (!isArtefact(name)) throw badInput(`${join(folder, DOSSIER_FILE)}: artefacts.${name} is not an artefact of a version. There are: ${Object.keys(ARTEFACT_FILES).join(', ')}.`);
  const path = join(folder, ARTEFACT_FILES[name]);
  const bytes = await readFile(path).catch(() => {
    throw badInput(`${path}: the dossier names it, but it is not there. Train again, or restore the file.`);
  });
  const found = sha256(bytes).toString('hex');
  if (found !== digest) throw badInput(`${path}: its SHA-256 is ${found}, but the dossier says ${String(digest)}. The file was changed: train again, or restore it.`);
  return { bytes, sha256: found };
}

const isArtefact = (name: string): name is keyof typeof ARTEFACT_FILES => Object.hasOwn(ARTEFACT_FILES, name);
