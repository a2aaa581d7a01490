import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { openBook } from '../../src/demo/index.js';
import { GOOD_ROW, HEADER, inFolder, plainMapping } from './import-support.js';

it('a demonstration refuses features that are not sound before anything is started, under the name of the mapping', () =>
  inFolder(async (folder) => {
    const [data, mapping] = [join(folder, 'book.csv'), join(folder, 'my.json')];
    const features = [{ name: 'x', label: 'X', source: { path: 'customer.income' }, type: 'numeric', missing: { rule: 'median' }, transform: 'standardize', reasonCode: 'X' }];
    const model = { name: 'PD', purpose: 'cars', products: ['car-loan'], horizonMonths: 12 };
    await writeFile(data, `${HEADER}\n${GOOD_ROW}\n`);
    await writeFile(mapping, JSON.stringify(plainMapping({ features, model })));
    await expect(openBook({ data, mapping, seed: 1, customers: 1 }, folder)).rejects.toThrow(`${mapping}: features: The list of features is not valid at [0].transform`);
  }));
