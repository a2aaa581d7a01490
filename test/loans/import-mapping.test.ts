import { describe, expect, it } from '@jest/globals';
import { describeFields, parseMapping, readMapping } from '../../src/loans/import/index.js';
import { plainLoan, plainMapping, withFile } from './import-support.js';

const parse = (changes: Record<string, unknown>) => () => parseMapping(plainMapping(changes), 'my.json');

describe('a mapping', () => {
  it('is taken when it is sound, with its defaults filled in', () => {
    const mapping = parseMapping(plainMapping(), 'my.json');
    expect(mapping.source).toEqual({ delimiter: ',', quote: '"', header: true, encoding: 'utf8', decimal: '.', missing: [] });
    expect(mapping.onRepeatedCustomer).toBe('reject');
    expect(mapping.synthetic).toBe(false);
  });

  it('refuses an unknown key, naming its place and the nearest known key', () => {
    expect(parse({ loan: plainLoan({ principle: { column: 'amount' } }) })).toThrow(
      'my.json: loan: unknown key "principle". Did you mean "principal"?',
    );
  });

  it('names a missing section', () => {
    expect(parse({ loan: undefined })).toThrow(/my\.json: loan: is missing/);
  });

  it('reports every mistake at once', () => {
    expect(parse({ title: 7, synthetic: 'maybe' })).toThrow(/title: [^]*synthetic: /);
  });

  it('guesses only among the keys that may stand there', () => {
    expect(parse({ loan: plainLoan({ delimiter: ';' }) })).toThrow(/loan: unknown key "delimiter"\.$/);
    expect(parse({ source: { delimeter: ';' } })).toThrow('source: unknown key "delimeter". Did you mean "delimiter"?');
    expect(parse({ loan: plainLoan({ currency: { colum: 'x' } }) })).toThrow('loan.currency: unknown key "colum". Did you mean "column"?');
  });

  it.each([
    ['a word that is no option', { onRepeatedCustomer: 'resue' }, 'onRepeatedCustomer: "resue" is not accepted; expected one of "reject", "reuse"'],
    ['plain text for an expression', { loan: plainLoan({ currency: 'EUR' }) }, 'loan.currency: "EUR" is not accepted; expected an expression such as {"column": "…"} or {"const": …}'],
    ['a field that is missing', { loan: plainLoan({ principal: undefined }) }, 'loan.principal: is missing; expected an expression such as {"column": "…"}'],
    ['a delimiter of two characters', { source: { delimiter: ';;' } }, 'source.delimiter: ";;" is not accepted; expected one character'],
    ['an attribute in capitals', { customer: { externalId: { column: 'customer' }, attributes: { Income: {} } } }, 'customer.attributes: the name "Income" is not accepted; expected a name like monthlyIncome: it starts in lower case and has letters and digits only'],
    ['a code list of lists', { codeLists: { a: { b: [1] } } }, 'codeLists.a.b: [1] is not accepted; expected text, a number, true, false or null'],
    ['an empty list', { source: { header: [] } }, 'source.header: [] is not accepted; expected at least one entry'],
  ])('shows %s, and says what is expected', (_, change, sentence) => {
    expect(parse(change)).toThrow(sentence);
  });

  it('says where a reason code and a scale are not what they should be', () => {
    const attribute = { column: 'income', type: 'numeric', label: 'Income', reasonCode: 'abc', scale: 'x' };
    const customer = { externalId: { column: 'customer' }, attributes: { income: attribute } };
    expect(parse({ customer })).toThrow('customer.attributes.income.reasonCode: "abc" is not accepted; expected a code like CREDIT_HISTORY: capitals, digits and underscores');
    expect(parse({ customer })).toThrow('customer.attributes.income.scale: "x" is not accepted; expected a number like 0.01');
  });

  it('takes both ways to write UTF-8', () => {
    expect(parse({ source: { encoding: 'utf-8' } })).not.toThrow();
  });

  it('wants exactly one source of a value', () => {
    const both = { principal: { column: 'amount', const: 5 } };
    expect(parse({ loan: plainLoan(both) })).toThrow('my.json: loan.principal: needs exactly one of column, const, line, template; it has column and const');
    expect(parse({ loan: plainLoan({ principal: {} }) })).toThrow('it has none');
  });

  it.each([
    ['a constant of the wrong kind', { kind: { const: 'LEASE' } }, 'loan.kind.const: "LEASE" is not accepted; expected one of INSTALMENT, REVOLVING'],
    ['a currency that does not exist', { currency: { const: 'EUX' } }, 'expected an ISO 4217 currency code like EUR'],
    ['a date that no calendar has', { decisionAt: { const: '2024-02-30' } }, 'loan.decisionAt.const: "2024-02-30" is not a possible date'],
    ['a code of the wrong kind', { status: { column: 's', codes: { A: 'OPEN' } } }, 'loan.status.codes.A: "OPEN" is not accepted'],
    ['a code list that is not there', { status: { column: 's', codes: 'statuses' } }, 'there is no code list "statuses" in codeLists'],
    ['a scale where no number is', { currency: { column: 'c', scale: 2 } }, 'loan.currency: "scale" has no meaning here'],
    ['codes beside a constant', { kind: { const: 'REVOLVING', codes: {} } }, 'loan.kind: "codes" needs a column'],
    ['a date format without a day', { decisionAt: { column: 'd', dateFormat: 'MM/YYYY' } }, 'must have YYYY, MM and DD'],
    ['a clamp upside down', { termMonths: { column: 't', clamp: [9, 1] } }, 'the lowest is above the highest'],
  ])('refuses %s before any row is read', (_, change, sentence) => {
    expect(parse({ loan: plainLoan(change) })).toThrow(sentence);
  });

  it('checks column names at once when the mapping itself lists them', () => {
    const header = 'customer,name,income,sex,loan,decided,currency,amont,term,bad'.split(',');
    expect(parse({ source: { header } })).toThrow('loan.principal: the data has no column "amount". Did you mean "amont"?');
  });

  it.each([
    ['{ "name": ', 'line 1, column 11: the text ends too early'],
    ['{\n "a": 1,\n "b" 2}', 'line 3, column 6: "2" does not belong there'],
    ['{"a": [1, true, {}],\n}', 'line 2, column 1: "}" does not belong there'],
    ["{'a': 1}", `line 1, column 2: "'" does not belong there`],
    ['{"a": "x\ny"}', 'line 1, column 7: "\\"x" does not belong there'],
    ['{} {}', 'line 1, column 4: "{" does not belong there'],
    ['{"a": 01}', 'line 1, column 7: "01" does not belong there'],
  ])('says where %j is no JSON', (text, sentence) =>
    withFile(text, async (path) => {
      await expect(readMapping(path)).rejects.toThrow(`the mapping is not JSON: ${sentence}`);
    }));

  it('says when a file is absent', async () => {
    await expect(readMapping('/nowhere/my.json')).rejects.toThrow(/the mapping cannot be read/);
  });
});

const withAttribute = (changes: object) => ({ loan: plainLoan({ attributes: { x: { column: 'x', label: 'X', monotone: 'increasing', ...changes } } }) });
const periodWith = (monotone: string) => ({ periodEnd: { const: '2024-01-31' }, balance: { column: 'b', monotone } });

describe('the fields that a mapping describes to models', () => {
  it('are its attributes and the loan fields that vary; identity and protected attributes never appear', () => {
    const fields = describeFields(parseMapping(plainMapping(), 'my.json'));
    expect(fields.map(({ path }) => path)).toEqual(['customer.income', 'loan.currency', 'loan.principal', 'loan.termMonths']);
  });

  it('never contain what is known only afterwards', () => {
    const loan = plainLoan({ status: { column: 'status' } });
    const paths = describeFields(parseMapping(plainMapping({ loan }), 'my.json')).map(({ path }) => path);
    expect(paths).not.toContain('loan.status');
  });

  it('carry the labels of other languages', () => {
    const zh = { labels: { zh: '住房' }, valueLabels: { zh: { owned: '自有' } } };
    const loan = plainLoan({ attributes: { housing: { column: 'h', type: 'categorical', label: 'Housing', ...zh } } });
    expect(describeFields(parseMapping(plainMapping({ loan }), 'my.json')).find(({ path }) => path === 'loan.housing')).toMatchObject(zh);
  });

  it('carry the direction of the risk, of a repayment field from whichever period declares it', () => {
    const loan = plainLoan({ principal: { column: 'amount', monotone: 'increasing' }, attributes: { savings: { column: 's', type: 'numeric', label: 'Savings', monotone: 'decreasing' } } });
    const repayments = [{ periodEnd: { const: '2024-01-31' }, daysPastDue: { column: 'd1' } }, { periodEnd: { const: '2023-12-31' }, daysPastDue: { column: 'd2', monotone: 'increasing' } }];
    const directions = describeFields(parseMapping(plainMapping({ loan, repayments }), 'my.json')).map(({ path, monotone }) => [path, monotone]);
    expect(directions).toEqual(expect.arrayContaining([['customer.income', undefined], ['loan.principal', 'increasing'], ['loan.savings', 'decreasing'], ['repayments.daysPastDue', 'increasing']]));
  });

  it('have a direction only where they are numbers, and one only', () => {
    expect(parse(withAttribute({ type: 'numeric', monotone: 'up' }))).toThrow('loan.attributes.x.monotone: "up" is not accepted; expected one of "increasing", "decreasing"');
    expect(parse(withAttribute({ type: 'categorical' }))).toThrow('loan.attributes.x: "monotone" has no meaning here; expected text');
    expect(parse(withAttribute({ type: 'boolean' }))).toThrow('loan.attributes.x: "monotone" has no meaning here; expected true or false');
    expect(parse({ repayments: [periodWith('increasing'), periodWith('decreasing')] })).toThrow('repayments.balance: is "monotone": "increasing" in one period and "decreasing" in another; give one direction');
  });

  it('carry the categories of a code list and the currency as unit where there is but one', () => {
    const attributes = {
      housing: { column: 'h', type: 'categorical', label: 'Housing', codes: 'housing', reasonCode: 'HOUSING', mutable: true },
    };
    const loan = plainLoan({ currency: { const: 'EUR' }, attributes });
    const codeLists = { housing: { O: 'owned', R: 'rented', F: 'rented', X: null } };
    const fields = describeFields(parseMapping(plainMapping({ loan, codeLists }), 'my.json'));
    expect(fields.find(({ path }) => path === 'loan.housing')).toEqual({
      path: 'loan.housing',
      label: 'Housing',
      type: 'categorical',
      reasonCode: 'HOUSING',
      values: ['owned', 'rented'],
      mutable: true,
    });
    expect(fields.find(({ path }) => path === 'loan.principal')).toMatchObject({ unit: 'EUR' });
  });
});
