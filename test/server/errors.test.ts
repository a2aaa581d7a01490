import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import type { TestClient } from '../support/client.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('an error', () => {
  let app: TestApp;
  let portal: TestClient;
  beforeAll(async () => {
    app = await openTestApp();
    portal = await app.as('portal');
  });
  afterAll(() => app.close());

  it.each([
    ['a document that does not parse', '{ me { name }', 'BAD_INPUT'],
    ['an unknown field', '{ me { salary } }', 'BAD_INPUT'],
    ['an unknown enum value', '{ predictions(filter: {status: PERHAPS}) { totalCount } }', 'BAD_INPUT'],
    ['a wrong id', '{ customer(id: "x") { id } }', 'BAD_INPUT'],
    ['a validator of an input', '{ loans(first: 1000) { totalCount } }', 'BAD_INPUT'],
    ['a scalar that refuses', '{ predictions(asOf: "yesterday") { totalCount } }', 'BAD_INPUT'],
    ['a missing permission', '{ models { totalCount } }', 'FORBIDDEN'],
    ['a missing thing', `{ job(id: "${Buffer.from('Job:01900000-0000-7000-8000-000000000000').toString('base64url')}") { id } }`, 'NOT_FOUND'],
  ])('about %s has a code, an id and a sentence', async (_what, document, code) => {
    const [error] = (await portal.query(document)).errors;
    const { graphql: _, ...extensions } = error!.extensions as unknown as Record<string, string>;
    // A rule's "no" names the rule, what would satisfy it and who can; nothing else tells more than code and id.
    const rule = code === 'FORBIDDEN' ? { rule: 'PERMISSION', remedy: expect.stringContaining('VALIDATOR'), who: expect.stringContaining('VALIDATOR') } : {};
    expect(extensions).toEqual({ code, id: expect.stringMatching(UUID), ...rule });
    expect(error!.message).toMatch(/\S.*[.?]$/);
  });

  it('inside Assay keeps what went wrong to the log', async () => {
    await app.sql('ALTER TABLE repayments RENAME TO secret_table');
    try {
      const { data, errors } = await portal.query<{ loans: null }>('{ loans(first: 1) { edges { node { id repayments { status } } } } }');
      expect(errors).toEqual([expect.objectContaining({
        message: 'Something went wrong inside Assay. The log tells more under this id.',
        extensions: { code: 'INTERNAL', id: expect.stringMatching(UUID) },
      })]);
      expect(JSON.stringify({ data, errors })).not.toMatch(/repayments"? does not exist|relation|SELECT|node_modules|\.js/);
    } finally {
      await app.sql('ALTER TABLE secret_table RENAME TO repayments');
    }
  });

  it('has a new id each time, so that one line of the log is meant', async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => (await portal.refusal('{ models { totalCount } }')).extensions.id));
    expect(new Set(ids).size).toBe(3);
  });
});
