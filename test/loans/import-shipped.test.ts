import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { describeFields, findSplit, readBook, readMapping, type BookRow } from '../../src/loans/import/index.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const mappingPath = (name: string): string => join(root, 'mappings', `${name}.json`);
const data = join(root, '..', 'shared', 'data');
const withData = (file: string): typeof it => (existsSync(join(data, file)) ? it : (it.skip as typeof it));

async function rowsOf(name: string, file: string): Promise<BookRow[]> {
  const rows: BookRow[] = [];
  for await (const entry of readBook(join(data, file), await readMapping(mappingPath(name)))) {
    if ('rejected' in entry) throw new Error(`line ${entry.rejected.line}: ${entry.rejected.reason}`);
    rows.push(entry.row);
  }
  return rows;
}

describe('the shipped mappings', () => {
  it('keep protected attributes away from models', async () => {
    for (const name of ['taiwan', 'german', 'synthetic']) {
      const mapping = await readMapping(mappingPath(name));
      const paths = describeFields(mapping).map(({ path }) => path);
      for (const attribute of Object.keys(mapping.customer.protected)) {
        expect(paths).not.toContain(`customer.${attribute}`);
      }
    }
  });

  withData('UCI_Credit_Card.csv')('read the Taiwan set whole', async () => {
    const rows = await rowsOf('taiwan', 'UCI_Credit_Card.csv');
    expect(rows).toHaveLength(30_000);
    expect(rows.filter(({ outcome }) => outcome!.defaulted)).toHaveLength(6_636);
    expect(rows[0]!.repayments.map(({ status, daysPastDue }) => [status, daysPastDue])).toEqual([
      ['LATE', 60], ['LATE', 60], ['PAID_IN_FULL', 0], ['PAID_IN_FULL', 0], ['NOT_USED', 0], ['NOT_USED', 0],
    ]);
    expect(rows[0]!.customer.protected).toEqual({ sex: 'female', education: 'university', maritalStatus: 'married', age: 24 });
    const split = await findSplit(join(data, 'UCI_Credit_Card.csv'));
    expect(rows.every(({ loan }) => split!.has(loan.externalId))).toBe(true);
  });

  withData('german.data')('read the German set whole', async () => {
    const rows = await rowsOf('german', 'german.data');
    expect(rows).toHaveLength(1_000);
    expect(rows.filter(({ outcome }) => outcome!.defaulted)).toHaveLength(300);
    expect(rows[0]).toMatchObject({
      customer: { externalId: '1', attributes: { checkingAccount: 'overdrawn', telephone: true } },
      loan: { principal: '1169', termMonths: 6, attributes: { purpose: 'radio or television' } },
    });
    const split = await findSplit(join(data, 'german.data'));
    expect(rows.every(({ loan }) => split!.has(loan.externalId))).toBe(true);
  });
});
