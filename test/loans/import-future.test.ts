import { describe, expect, it } from '@jest/globals';
import { readBook, parseMapping } from '../../src/loans/import/index.js';
import { futureFact } from '../../src/loans/import/check-row.js';
import { nearest } from '../../src/loans/import/nearest.js';
import { GOOD_ROW, HEADER, plainMapping, sorted, withFile } from './import-support.js';

describe('a fact from the future', () => {
  it('is named by the field that the mapping has', async () => {
    const mapping = parseMapping(plainMapping(), 'my.json');
    const { rows } = await withFile(`${HEADER}\n${GOOD_ROW}\n`, (path) => sorted(readBook(path, mapping)));
    expect(futureFact(rows[0]!, new Date('2024-06-30'))).toMatch(/^outcome\.knownAt: 2024-12-31/);
    expect(futureFact(rows[0]!, new Date('2024-01-01'))).toMatch(/^loan\.effectiveAt: 2024-01-31/);
    expect(futureFact(rows[0]!, new Date('2025-01-01'))).toBeUndefined();
    const [{ loan, ...rest }] = rows as [(typeof rows)[number]];
    expect(futureFact({ ...rest, loan: { ...loan, completedAt: new Date('2025-06-30') } }, new Date('2025-01-01'))).toMatch(/^loan\.completedAt: 2025-06-30/);
  });
});

describe('the nearest word', () => {
  it('is one that a person can have meant', () => {
    expect(nearest('amuont', ['name', 'amount'])).toBe('amount');
    expect(nearest('principle', ['principal', 'periodEnd'])).toBe('principal');
    expect(nearest('term', ['name', 'loan', 'bad'])).toBeUndefined();
    expect(nearest('x', ['y'])).toBeUndefined();
  });
});
