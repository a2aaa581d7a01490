import { writeFile } from 'node:fs/promises';
import { badInput, messageOf, notFound, refused } from '../../platform/index.js';
import { openApi } from '../support/api.js';

/** Writes the bundle of one prediction into a new file. */
export async function exportPrediction(id: string, out: string, url: string | undefined, json: boolean): Promise<void> {
  const open = await openApi(url, ['AUDITOR']);
  try {
    const { prediction } = await open.api.query<{ prediction: { bundle: string | null } | null }>('query ($id: ID!) { prediction(id: $id) { bundle } }', { id });
    if (!prediction) throw notFound(`There is no prediction ${id}.`);
    if (prediction.bundle === null) throw refused('The prediction is not in the transparency log yet. A running server integrates it within a second; try again then.');
    await writeFile(out, `${prediction.bundle}\n`, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      throw badInput(error.code === 'EEXIST' ? `--out ${out}: is there already. Name a new file.` : `--out ${out}: cannot be written: ${messageOf(error)}`);
    });
    process.stderr.write(`Wrote ${out}. Anyone can check it: assay verify --offline ${out} --key <the key of your log>\n`);
    if (json) process.stdout.write(`${JSON.stringify({ prediction: id, out })}\n`);
  } finally {
    await open.close();
  }
}
