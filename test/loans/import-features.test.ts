import { describe, expect, it } from '@jest/globals';
import { parseMapping } from '../../src/loans/import/index.js';
import { plainLoan, plainMapping } from './import-support.js';

const parse = (changes: Record<string, unknown>) => () => parseMapping(plainMapping(changes), 'my.json');
const feature = (source: unknown): object => ({ name: 'x', label: 'X', source, type: 'numeric', missing: { rule: 'median' }, transform: 'standardise', reasonCode: 'X' });
const repayments = [{ periodEnd: { const: '2024-01-31' }, amountPaid: { column: 'income' } }];

const model = (...products: string[]): Record<string, unknown> => ({ model: { name: 'PD', purpose: 'cars', products, horizonMonths: 12 } });

describe('the features of a mapping', () => {
  it('may read attributes, loan fields (constant ones too) and what some period sets', () => {
    const features = ['customer.income', 'loan.principal', 'loan.product'].map((path) => feature({ path }));
    features.push(feature({ path: 'repayments.amountPaid', aggregate: 'mean', per: ['customer.income', 'loan.principal'] }));
    expect(parse({ features, repayments })).not.toThrow();
  });

  it('are checked when the mapping is read, all at once', () => {
    const features = [
      feature({ path: 'customer.incom' }),
      feature({ path: 'customer.sex' }),
      feature({ path: 'loan.principal', per: ['loan.creditLimit'] }),
      feature({ path: 'repayments.balance', aggregate: 'mean' }),
      feature({ path: 'loan.status' }),
      feature(undefined),
    ];
    expect(parse({ features, repayments })).toThrow(/^my\.json: features\[0]\.source\.path: the mapping makes no field "customer\.incom" that a model may use\. Did you mean "customer\.income"\?$/m);
    expect(parse({ features, repayments })).toThrow(/^my\.json: features\[1]\.source\.path: "customer\.sex" is a protected attribute; it is never an input of a model$/m);
    expect(parse({ features, repayments })).toThrow(/^my\.json: features\[2]\.source\.per: the mapping makes no field "loan\.creditLimit"/m);
    expect(parse({ features, repayments })).toThrow(/^my\.json: features\[3]\.source\.path: the mapping makes no field "repayments\.balance"/m);
    expect(parse({ features, repayments })).toThrow(/^my\.json: features\[4]\.source\.path: the mapping makes no field "loan\.status"/m);
    expect(parse({ features, repayments })).toThrow(/^my\.json: features\[5]\.source: needs a "path"/m);
  });
});

describe('the products of a model', () => {
  const sentence = 'my.json: model.products[1]: no loan of this mapping has the product "car-lone"; loan.product gives car-loan. Did you mean "car-loan"?';

  it('must be among those that the mapping gives', () => {
    expect(parse(model('car-loan', 'car-lone'))).toThrow(sentence);
    const loan = plainLoan({ product: { column: 'p', codes: 'products' } });
    const codeLists = { products: { A: 'car-loan', B: 'card', '?': null } };
    expect(parse({ loan, codeLists, ...model('card', 'van') })).toThrow('"van"; loan.product gives car-loan, card.');
  });

  it('are taken where only the data can tell', () => {
    expect(parse({ loan: plainLoan({ product: { column: 'p' } }), ...model('van') })).not.toThrow();
  });
});
