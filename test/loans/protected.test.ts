import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { insertFacts } from '../../src/customers/index.js';
import { asDecided, gather, gatherProtected } from '../../src/loans/index.js';
import { newId } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { DECIDED, RECORDER, recordBook } from './books.js';

describe('protected attributes for training', () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await openTestDatabase()));
  afterAll(() => database.close());

  it('are those of each loan\'s decision, in the order asked for; nothing where nothing is recorded', async () => {
    const [ann, bea] = await recordBook(database.db, database.keys, [{ externalId: 'ann', loans: 2 }, { externalId: 'bea', facts: { protected: {} } }]);
    const asked = [bea!.loans[0]!, ann!.loans[1]!, { customerId: ann!.customer.id, loanId: newId() }, ann!.loans[0]!];
    expect(await gatherProtected(database.db, database.keys, asked)).toEqual([{}, { sex: 'female' }, {}, { sex: 'female' }]);
    expect(await gatherProtected(database.db, database.keys, [])).toEqual([]);
  });

  it('do not follow what became true after the decision', async () => {
    const [recorded] = await recordBook(database.db, database.keys, [{ externalId: 'cleo' }]);
    const later = new Date(DECIDED.getTime() + 1);
    const facts = { effectiveAt: later, identity: {}, attributes: {}, protected: { sex: 'male' } };
    await database.db.transaction((tx) => insertFacts(tx, RECORDER, database.keys, [{ customer: recorded!.customer, facts }]));
    expect(await gatherProtected(database.db, database.keys, recorded!.loans)).toEqual([{ sex: 'female' }]);
  });

  it('never stand in the record that a model sees', async () => {
    const [recorded] = await recordBook(database.db, database.keys, [{ externalId: 'dora' }]);
    const [gathered] = await gather(database.db, database.keys, asDecided(recorded!.loans));
    expect(JSON.stringify(gathered)).not.toContain('female');
  });

  it('are gone with the customer\'s key', async () => {
    const [recorded] = await recordBook(database.db, database.keys, [{ externalId: 'eve' }]);
    await database.keys.destroy(recorded!.customer.id);
    expect(await gatherProtected(database.db, database.keys, recorded!.loans)).toEqual([{}]);
  });
});
