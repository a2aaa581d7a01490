import type { VersionToWrite } from './write.js';

/** One self-contained page that shows a version: no script, no font, no file beside it. */
export function pageOf({ title, dossier }: VersionToWrite): string {
  return `<!doctype html><title>${title}</title>${JSON.stringify(dossier)}`;
}
