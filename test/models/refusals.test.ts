import { describe, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { QueryFailedError } from 'typeorm';
import { badInput, conflict, forbidden, internal, notFound, refused } from '../../src/platform/index.js';
import { isRefusal, translated } from '../../src/models/refusals.js';
import { translated as decisionsTranslated } from '../../src/predictions/decisions/refusals.js';
import { peopleTranslated, RULES } from '../../src/security/index.js';

/** Rules that no service can meet, also in a race: whoever sees their error bare writes SQL of their own. */
const MET_BY_FORGERS_ONLY: Readonly<Record<string, string>> = {
  AS018: 'The service gives every proposal exactly 14 days.',
  AS019: 'The application opens its transactions at the level READ COMMITTED.',
};

/** An error of the driver, as TypeORM wraps it. */
const databaseError = (code: string, constraint?: string): Error =>
  new QueryFailedError('INSERT', [], Object.assign(new Error('refused by the database'), { code, constraint }));

describe('what the database refuses', () => {
  it.each([
    ['AS001', undefined, 'REFUSED', 'may not vote on it'],
    ['AS002', undefined, 'CONFLICT', 'another dossier digest'],
    ['AS003', undefined, 'REFUSED', 'A submitted dossier cannot change'],
    ['AS004', undefined, 'REFUSED', 'Only an approved version can be deployed'],
    ['AS005', undefined, 'REFUSED', 'has no such step'],
    ['AS006', undefined, 'REFUSED', 'lacks votes for its present dossier'],
    ['AS061', undefined, 'REFUSED', 'A HIGH finding is open'],
    ['AS062', undefined, 'REFUSED', 'neither owns it nor made'],
    ['AS016', undefined, 'CONFLICT', 'has changed meanwhile'],
    ['23P01', 'one_champion', 'CONFLICT', 'another champion'],
    ['23505', 'models_name_key', 'CONFLICT', 'already is a model of this name'],
    ['23505', 'model_version_votes_version_id_user_id_key', 'CONFLICT', 'each person has one vote'],
  ])('by %s %s becomes a sentence', (state, constraint, code, sentence) => {
    expect(translated(databaseError(state, constraint))).toMatchObject({ code, message: expect.stringContaining(sentence) });
  });

  it('has a sentence, whatever rule of the migrations it is, that tells rule, remedy and who', async () => {
    const folder = 'migrations';
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
    const sources = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, 'utf8')));
    const raised = new Set(sources.flatMap((source) => [...source.matchAll(/ERRCODE = '(AS\d{3})'/g)].map(([, code]) => code!)));
    expect(raised.size).toBeGreaterThan(30);
    for (const code of raised) {
      const told = [translated, decisionsTranslated, peopleTranslated].map((translate) => translate(databaseError(code))).filter(isRefusal);
      const whole = told.filter(({ rule }) => rule && rule.name in RULES && rule.remedy !== '' && rule.who !== '');
      expect([code, told.length > 0, whole.length]).toEqual([code, !(code in MET_BY_FORGERS_ONLY), told.length]);
    }
  });

  it('and nobody foresaw stays what it is', () => {
    const error = databaseError('23503', 'some_key');
    expect(translated(error)).toBe(error);
    expect(translated('thrown text')).toBe('thrown text');
  });
});

describe('a refusal', () => {
  it('is a no by a rule; unreadable input, missing things and our own failures are not', () => {
    expect([forbidden('x'), refused('x'), conflict('x')].every(isRefusal)).toBe(true);
    expect([badInput('x'), notFound('x'), internal('x'), new Error('x')].some(isRefusal)).toBe(false);
  });
});
