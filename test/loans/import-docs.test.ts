import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { describeFields, parseMapping, readBook } from '../../src/loans/import/index.js';
import { mappingKeys } from '../../src/loans/import/mapping.js';
import { sorted, withFile } from './import-support.js';

const path = fileURLToPath(new URL('../../../docs/mapping.md', import.meta.url));

/** The first fenced block of a language. */
async function block(language: string): Promise<string> {
  const [, content] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(await readFile(path, 'utf8'))!;
  return content!;
}

describe('docs/mapping.md', () => {
  it('has an example that works as it tells', async () => {
    const mapping = parseMapping(JSON.parse(await block('json')), 'my-book.json');
    const { rows, rejected } = await withFile(await block('csv'), (file) => sorted(readBook(file, mapping)));
    expect(rejected).toEqual([]);
    expect(rows.map(({ loan }) => [loan.externalId, loan.principal, loan.annualRate, loan.product])).toEqual([
      ['V-1', '18500', '0.049', 'car-loan'],
      ['V-2', '6000', '0.095', 'personal-loan'],
      ['V-3', '2500', '0.112', 'personal-loan'],
      ['V-4', '32000', '0.0375', 'car-loan'],
    ]);
    expect(new Set(rows.map(({ customer }) => customer.externalId)).size).toBe(3);
    expect(rows.map(({ customer }) => customer.attributes['monthlyIncome'])).toEqual([3250, 1900, null, 5400]);
    expect(rows.map(({ repayments }) => repayments.length)).toEqual([2, 2, 1, 2]);
    expect(rows.map(({ outcome }) => outcome?.defaulted)).toEqual([false, true, false, undefined]);
    expect(rows[0]!.customer.identity).toEqual({ name: 'Ada Beispiel', birthDate: '1980-02-01' });
    expect(describeFields(mapping).map(({ path: field }) => field)).not.toContain('customer.sex');
  });

  it('shows the sentences as they are told', async () => {
    const json = await block('json');
    const misspelt = json.replace('"principal"', '"principle"');
    expect(() => parseMapping(JSON.parse(misspelt), 'my-book.json')).toThrow('my-book.json: loan: unknown key "principle". Did you mean "principal"?');
    const mapping = parseMapping(JSON.parse(json.replace('"Betrag"', '"Betrg"')), 'my-book.json');
    const told = withFile(await block('csv'), (file) => sorted(readBook(file, mapping)));
    await expect(told).rejects.toThrow(/^my-book\.json: loan\.principal: the data has no column "Betrg"\. Did you mean "Betrag"\?$/);
  });

  it('explains every key of the language', async () => {
    const text = await readFile(path, 'utf8');
    expect(mappingKeys.filter((key) => !text.includes(`\`${key}\``) && !text.includes(`"${key}"`))).toEqual([]);
  });
});
