import { describe, expect, it } from '@jest/globals';
import { parseMapping, readBook, type BookRow, type RejectedRow } from '../../src/loans/import/index.js';
import { GOOD_ROW, HEADER, plainLoan, plainMapping, row, sorted, withFile } from './import-support.js';

interface Read {
  rows: BookRow[];
  rejected: RejectedRow[];
}

function read(content: string | Buffer, changes: Record<string, unknown> = {}): Promise<Read> {
  return withFile(content, (path) => sorted(readBook(path, parseMapping(plainMapping(changes), 'my.json'))));
}

const readRow = async (cells: Record<string, string>, changes = {}): Promise<Read> => read(`${HEADER}\n${row(cells)}\n`, changes);
const at = (day: string): Date => new Date(`${day}T00:00:00Z`);

describe('a row of a book', () => {
  it('becomes a customer, a loan and an outcome', async () => {
    const { rows, rejected } = await read(`${HEADER}\n${GOOD_ROW}\n`);
    expect(rejected).toEqual([]);
    expect(rows).toEqual([
      {
        line: 2,
        customer: {
          externalId: 'c1',
          effectiveAt: at('2024-01-31'),
          identity: { name: 'Ada' },
          attributes: { income: 3000 },
          protected: { sex: 'female' },
        },
        loan: {
          externalId: 'l1',
          effectiveAt: at('2024-01-31'),
          product: 'car-loan',
          kind: 'INSTALMENT',
          status: 'APPLICATION',
          currency: 'EUR',
          principal: '12000.5',
          termMonths: 48,
          attributes: {},
        },
        repayments: [],
        outcome: { defaulted: false, effectiveAt: at('2024-12-31'), knownAt: at('2024-12-31') },
      },
    ]);
  });

  it.each([['Y', true], ['n', false], ['YES', true], ['0', false]])('says of its outcome %s, which is %s', async (bad, defaulted) => {
    expect((await readRow({ bad })).rows[0]!.outcome!.defaulted).toBe(defaulted);
  });

  it('has no outcome while none is known', async () => {
    const { rows } = await readRow({ bad: '' });
    expect(rows[0]).not.toHaveProperty('outcome');
  });

  it('keeps a missing attribute as null, whether the cell is empty or a sentinel', async () => {
    expect((await readRow({ income: '' })).rows[0]!.customer.attributes).toEqual({ income: null });
    expect((await readRow({ income: '-9' })).rows[0]!.customer.attributes).toEqual({ income: null });
    expect((await readRow({ income: 'n/a' }, { source: { missing: ['n/a'] } })).rows[0]!.customer.attributes).toEqual({ income: null });
  });

  it.each([
    ['NaN', { income: 'NaN' }, 'column "income" (customer.attributes.income): "NaN" is not a finite number'],
    ['infinity', { income: 'Infinity' }, '"Infinity" is not a finite number'],
    ['a number too large for a double', { income: '1e999' }, 'expected a number of at most 1e30'],
    ['text for a number', { term: 'four years' }, 'column "term" (loan.termMonths): "four years" is not a number with source.decimal "."'],
    ['a negative term', { term: '-12' }, '"-12" is not accepted; expected a whole number from 1 to 1200'],
    ['half a month', { term: '12.5' }, 'expected a whole number from 1 to 1200'],
    ['a negative principal', { amount: '-5' }, 'column "amount" (loan.principal): "-5" is not accepted; expected an amount of zero or more'],
    ['an unknown currency', { currency: 'EURO' }, '"EURO" is not accepted; expected an ISO 4217 currency code like EUR'],
    ['an impossible date', { decided: '2024-02-30' }, 'column "decided" (loan.effectiveAt): "2024-02-30" is not a possible date'],
    ['a date in another notation', { decided: '31.01.2024' }, '"31.01.2024" is not a date; expected YYYY-MM-DD or RFC 3339, or set "dateFormat", e.g. "DD.MM.YYYY"'],
    ['a date before 1900', { decided: '1899-12-31' }, '"1899-12-31" is not accepted; expected a date from 1900 to 2200'],
    ['a word that is neither yes nor no', { bad: 'J' }, 'column "bad" (outcome.defaulted): "J" is not accepted; expected true or false (also yes/no, y/n, 1/0); for other words give "codes": {…}'],
    ['a stray quote', { name: 'A"d"a' }, 'the quotes of column 2 do not enclose the whole cell'],
    ['an unknown code', { sex: 'X' }, '"X" is not a known code; expected one of F, M'],
    ['a missing required cell', { loan: ' ' }, 'column "loan" (loan.externalId): nothing there'],
    ['an id that is too long', { loan: 'x'.repeat(201) }, 'expected text of at most 200 characters'],
    ['a NUL character', { name: 'A\u0000da' }, 'has characters that are not text'],
    ['money finer than the database keeps', { amount: '1.23456' }, 'at most 4 decimal places ("round": 4 rounds them)'],
    ['an outcome before the decision', { decided: '2025-01-31' }, 'outcome.knownAt 2024-12-31 is before the loan was decided (2025-01-31)'],
  ])('with %s is rejected with its reason, and the next row is read', async (_, cells, reason) => {
    const bad = row(cells);
    const { rows, rejected } = await read(`${HEADER}\n${bad}\n${row({ loan: 'l2' })}\n`);
    expect(rejected).toEqual([{ line: 2, reason: expect.stringContaining(reason), raw: bad }]);
    expect(rows.map(({ loan }) => loan.externalId)).toEqual(['l2']);
  });

  it('decided before its terms were true is rejected: nothing would be known at the decision', async () => {
    const loan = plainLoan({ decisionAt: { const: '2024-01-30' } });
    const { rejected } = await readRow({}, { loan });
    expect(rejected[0]!.reason).toContain('loan.decisionAt 2024-01-30 is before loan.effectiveAt 2024-01-31: nothing would be known');
    expect((await readRow({ decided: '2024-01-30' }, { loan })).rows).toHaveLength(1);
  });

  it('may say when the application was complete', async () => {
    const loan = plainLoan({ completedAt: { column: 'name' } });
    expect((await readRow({ name: '2024-01-20' }, { loan })).rows[0]!.loan.completedAt).toEqual(at('2024-01-20'));
    expect((await readRow({ name: 'soon' }, { loan })).rejected[0]!.reason).toContain('column "name" (loan.completedAt): "soon" is not a date');
    expect((await readRow({ name: '' }, { loan })).rows[0]!.loan).not.toHaveProperty('completedAt');
  });

  it('of the wrong width is rejected', async () => {
    const { rejected } = await read(`${HEADER}\n${GOOD_ROW},more\nc1,Ada\n`);
    expect(rejected.map(({ reason }) => reason)).toEqual(['the row has 11 columns; expected 10', 'the row has 2 columns; expected 10']);
  });

  it('with a cell of 64 KB is rejected', async () => {
    const { rejected } = await readRow({ name: 'x'.repeat(65_536) });
    expect(rejected[0]!.reason).toBe('column 2 has 65536 characters; at most 65535 are read');
    expect(rejected[0]!.raw.length).toBeLessThanOrEqual(10_000);
  });

  it('in Latin-1 is rejected until the mapping says so', async () => {
    const bytes = Buffer.from(`${HEADER}\n${row({ name: 'Zoë' })}\n`, 'latin1');
    expect((await read(bytes)).rejected[0]!.reason).toContain('check source.encoding');
    expect((await read(bytes, { source: { encoding: 'latin1' } })).rows[0]!.customer.identity).toEqual({ name: 'Zoë' });
  });
});

const principalOf = async (expression: unknown, cells: Record<string, string>, source = {}): Promise<string> => {
  const { rows, rejected } = await readRow(cells, { loan: plainLoan({ principal: expression }), source });
  return rows[0]?.loan.principal ?? rejected[0]!.reason;
};

const decidedAt = async (cell: string, dateFormat?: string) => {
  const loan = plainLoan({ effectiveAt: { column: 'decided', ...(dateFormat && { dateFormat }) } });
  return (await readRow({ decided: cell }, { loan })).rows[0]!.loan.effectiveAt;
};

const incomeIn = async (source: object, income: string) => (await readRow({ income, amount: '1' }, { source })).rows[0]?.customer.attributes['income'];

describe('expressions', () => {
  it('scale, then clamp, then round exactly', async () => {
    expect(await principalOf({ column: 'amount', scale: '0.1' }, { amount: '0.3' })).toBe('0.03');
    expect(await principalOf({ column: 'amount', scale: 30, clamp: [0, 270] }, { amount: '-2' })).toBe('0');
    expect(await principalOf({ column: 'amount', scale: 30, clamp: [0, 270] }, { amount: '12' })).toBe('270');
    expect(await principalOf({ column: 'amount', round: 2 }, { amount: '12.30000000000001' })).toBe('12.3');
  });

  it('write decimals canonically', async () => {
    expect(await principalOf({ column: 'amount' }, { amount: '+0012.50' })).toBe('12.5');
    expect(await principalOf({ column: 'amount' }, { amount: '1.5e3' })).toBe('1500');
    expect(await principalOf({ column: 'amount' }, { amount: '-0.0' })).toBe('0');
  });

  it('read numbers as the file writes them', async () => {
    const german = { delimiter: ',', decimal: ',', thousands: '.' };
    expect(await principalOf({ column: 'amount' }, { amount: '"1.234,50"' }, german)).toBe('1234.5');
    expect(await principalOf({ column: 'amount' }, { amount: '"1,5e3"' }, german)).toBe('1500');
    expect(await principalOf({ column: 'amount' }, { amount: '1.50' }, { decimal: ',' })).toContain('"1.50" is not a number with source.decimal ","');
    expect(await principalOf({ column: 'amount' }, { amount: `"12'000"` }, { thousands: "'" })).toBe('12000');
  });

  it.each(['26.90', '"26,900.00"', '"1.2.3,4"', '0.123', '1234.567', '"1.234,"', '.123'])('refuse %s where the point parts thousands: it may be another number', async (amount) => {
    const sentence = `"${amount.replaceAll('"', '')}" is not a number as source.decimal "," and source.thousands "." write it`;
    expect(await principalOf({ column: 'amount' }, { amount }, { decimal: ',', thousands: '.' })).toContain(sentence);
  });

  it('know a sentinel that is a number however the file writes it', async () => {
    const german = { decimal: ',', thousands: '.' };
    expect(await incomeIn(german, '"-9,00"')).toBeNull();
    expect(await incomeIn({}, '-9.0')).toBeNull();
    expect(await incomeIn(german, '"-9,01"')).toBe(-9.01);
  });

  it('show a refused number as it stands in the file', async () => {
    const german = { decimal: ',', thousands: '.' };
    expect(await principalOf({ column: 'amount' }, { amount: '"-18.500,00"' }, german)).toContain('"-18.500,00" (read as -18500.00) is not accepted; expected an amount');
    expect(await principalOf({ column: 'amount', scale: 10 }, { amount: '12 €' })).toContain('"12 €" is not a number with source.decimal "."');
  });

  it('treat codes of a number as exceptions, and null as missing', async () => {
    const income = { column: 'income', type: 'numeric', label: 'Income', codes: { many: 100_000, none: null } };
    const customer = { externalId: { column: 'customer' }, attributes: { income } };
    const incomeOf = async (cell: string) => (await readRow({ income: cell }, { customer })).rows[0]!.customer.attributes['income'];
    expect([await incomeOf('many'), await incomeOf('none'), await incomeOf('7')]).toEqual([100_000, null, 7]);
  });

  it('read dates in the format given, and offsets as UTC', async () => {
    expect(await decidedAt('31.01.2024', 'DD.MM.YYYY')).toEqual(at('2024-01-31'));
    expect(await decidedAt('20240131', 'YYYYMMDD')).toEqual(at('2024-01-31'));
    expect(await decidedAt('2024-01-31T01:30:00+02:00')).toEqual(new Date('2024-01-30T23:30:00Z'));
  });

  it('number rows without ids, join columns, and take constants for columns', async () => {
    const changes = {
      constants: { bank: 'North' },
      customer: { externalId: { line: true }, identity: { name: { template: '{name} of {bank} ({line})' } } },
      loan: plainLoan({ attributes: { bank: { column: 'bank', type: 'categorical', label: 'Bank' } } }),
    };
    const { rows } = await read(`${HEADER}\n\n${GOOD_ROW}\n${row({ amount: 'x' })}\n${row({ loan: 'l2' })}\n`, changes);
    expect(rows.map(({ customer }) => customer.identity['name'])).toEqual(['Ada of North (1)', 'Ada of North (3)']);
    expect(rows[1]!.customer.externalId).toBe('3');
    expect(rows[0]!.loan.attributes).toEqual({ bank: 'North' });
  });
});

describe('repayments of a wide file', () => {
  const repayments = [
    { periodEnd: { const: '2024-01-31' }, amountPaid: { column: 'p1' }, status: { column: 's1', codes: 'status' } },
    { periodEnd: { const: '2023-12-31' }, amountPaid: { column: 'p2' }, status: { column: 's2', codes: 'status' } },
  ];
  const codeLists = { status: { L: 'LATE', P: 'PAID_IN_FULL' } };

  it('become one period each; a period of which nothing is known is left out', async () => {
    const { rows } = await read(`${HEADER},p1,s1,p2,s2\n${GOOD_ROW},10.00,L,,\n`, { repayments, codeLists });
    expect(rows[0]!.repayments).toEqual([{ periodEnd: at('2024-01-31'), amountPaid: '10', status: 'LATE' }]);
  });

  it('may not end twice on the same day', async () => {
    const twice = [repayments[0], { ...repayments[1], periodEnd: { const: '2024-01-31' } }];
    const { rejected } = await read(`${HEADER},p1,s1,p2,s2\n${GOOD_ROW},1,L,1,P\n`, { repayments: twice, codeLists });
    expect(rejected[0]!.reason).toBe('repayments: two periods end on the same date');
  });
});

describe('a file', () => {
  it.each([
    ['a byte-order mark', `\uFEFF${HEADER}\n${GOOD_ROW}\n`],
    ['CRLF line ends', `${HEADER}\r\n${GOOD_ROW}\r\n`],
    ['no line break at its end', `${HEADER}\n${GOOD_ROW}`],
    ['blank lines', `\n${HEADER}\n\n${GOOD_ROW}\n\n   \n`],
    ['quoted cells', `${HEADER}\n${GOOD_ROW.replace('Ada', '"Ada"')}\n`],
  ])('with %s is read', async (_, content) => {
    const { rows, rejected } = await read(content);
    expect(rejected).toEqual([]);
    expect(rows.map(({ customer }) => customer.identity)).toEqual([{ name: 'Ada' }]);
  });

  it('without a single row is refused', async () => {
    await expect(read(`${HEADER}\n`)).rejects.toThrow(/has no rows of data/);
    await expect(read('')).rejects.toThrow(/has no rows of data/);
  });

  it('that lacks a column of the mapping is refused before any row, with the nearest name', async () => {
    await expect(read(`${HEADER.replace('amount', 'amounts')}\n${GOOD_ROW}\n`)).rejects.toThrow(
      /loan\.principal: the data has no column "amount"\. Did you mean "amounts"\?/,
    );
  });

  it('that lacks columns is told of all of them at once, under the name of the mapping', async () => {
    const header = HEADER.replace('amount', 'amuont').replace('term', 'xyzzy');
    await expect(read(`${header}\n${GOOD_ROW}\n`)).rejects.toThrow(
      [
        'my.json: loan.principal: the data has no column "amount". Did you mean "amuont"?',
        'my.json: loan.termMonths: the data has no column "term".',
        'my.json: the columns of the data are "customer", "name", "income", "sex", "loan", "decided", "currency", "amuont", "xyzzy", "bad"',
      ].join('\n'),
    );
  });

  it('with another delimiter is told of that, not of its columns', async () => {
    await expect(read(`${HEADER}\n${GOOD_ROW}\n`.replaceAll(',', ';'))).rejects.toThrow(
      'my.json: the file has one column, "customer;name;income;sex;loan;decided;cu…": is source.delimiter right (now ",")?',
    );
  });

  it('with a column named twice is refused', async () => {
    await expect(read(`${HEADER},bad\n${GOOD_ROW},0\n`)).rejects.toThrow(/column "bad" appears twice/);
  });

  it('that is absent or a folder is refused', async () => {
    const mapping = parseMapping(plainMapping(), 'my.json');
    await expect(sorted(readBook('/nowhere/book.csv', mapping))).rejects.toThrow(/the data cannot be read/);
    await expect(sorted(readBook('/', mapping))).rejects.toThrow(/is not a file/);
  });

  it('is read no further than its rows are taken', () =>
    withFile(`${HEADER}\n${`${GOOD_ROW}\n`.repeat(50_000)}`, async (path) => {
      const book = readBook(path, parseMapping(plainMapping(), 'my.json'));
      expect((await book.next()).value).toMatchObject({ row: { line: 2 } });
      expect((await book.return(undefined)).done).toBe(true);
    }));
});
