import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syntheticGroup, taiwanGroup } from './demo.js';
import { group as evidenceGroup } from './evidence.js';
import { group as exportGroup } from './export.js';
import { group as governanceGroup } from './governance.js';
import { group as importGroup } from './import.js';
import { group as scoringGroup } from './scoring/index.js';
import type { BenchGroup, Figure } from './types.js';

export const GROUPS: readonly BenchGroup[] = [importGroup, syntheticGroup, taiwanGroup, scoringGroup, governanceGroup, evidenceGroup, exportGroup];

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs groups one after the other; each has the machine to itself. */
export async function runBench(groups: readonly BenchGroup[], say: (text: string) => void): Promise<Figure[]> {
  const figures: Figure[] = [];
  const shared = join(PROJECT, '../shared/data');
  for (const group of groups) {
    say(`bench ${group.name}`);
    const work = await mkdtemp(join(tmpdir(), `assay-bench-${group.name}-`));
    await chmod(work, 0o755); // PostgreSQL's user enters it, so that nothing is left anywhere else
    try {
      const found = await group.run({ project: PROJECT, work, data: existsSync(shared) ? shared : undefined, say });
      for (const one of found) say(`  ${one.ok ? '✓' : '✗'} ${one.name}: ${one.value} ${one.unit}${one.bar === null ? '' : `  (bar ${one.bar})`}`);
      figures.push(...found);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return figures;
}
