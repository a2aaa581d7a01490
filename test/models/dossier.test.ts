import { describe, expect, it } from '@jest/globals';
import { canonicalJson, sha256 } from '../../src/platform/index.js';
import { parseDossier, readDossier } from '../../src/models/index.js';
import { dossierJson } from './support.js';

const parse = (changes: object): unknown => parseDossier(JSON.stringify({ ...dossierJson, ...changes }));

describe('a dossier', () => {
  it('is named by the SHA-256 of its canonical text, which its author can compute', () => {
    const { canonical, digest } = parseDossier(JSON.stringify(dossierJson, null, 2));
    expect(canonical).toBe(canonicalJson(dossierJson));
    expect(digest).toBe(sha256(canonicalJson(dossierJson)).toString('hex'));
  });

  it('has the same digest however it is laid out, and another when one character changes', () => {
    const reversed = Object.fromEntries(Object.entries(dossierJson).reverse());
    expect(parseDossier(JSON.stringify(reversed)).digest).toBe(parseDossier(JSON.stringify(dossierJson)).digest);
    const changed = { ...dossierJson, modelCard: { intendedUse: 'Tests!', limitations: 'Everything else.' } };
    expect(parseDossier(JSON.stringify(changed)).digest).not.toBe(parseDossier(JSON.stringify(dossierJson)).digest);
  });

  it('keeps text exactly as written, blanks included', () => {
    const card = { intendedUse: ' Tests. ', limitations: 'Everything else.' };
    expect(parseDossier(JSON.stringify({ ...dossierJson, modelCard: card })).dossier.modelCard).toEqual(card);
  });

  it('takes what is not foreseen under extra only', () => {
    expect(() => parse({ extra: { reviewer: 'Ann' } })).not.toThrow();
    expect(() => parse({ reviewer: 'Ann' })).toThrow(/Unrecognized key.*reviewer/);
  });

  it.each([
    ['another format', { format: 2 }, 'format: must be 1'],
    ['a digest in capitals', { artefacts: { ...dossierJson.artefacts, onnx: 'AB'.repeat(32) } }, 'artefacts.onnx: must be a SHA-256 digest'],
    ['an AUC above one', { metrics: { ...dossierJson.metrics, auc: 1.2 } }, 'metrics.auc'],
    ['a blank model card', { modelCard: { intendedUse: ' ', limitations: 'x' } }, 'modelCard.intendedUse: must not be blank'],
    ['no model card', { modelCard: undefined }, 'modelCard'],
    ['a policy that contradicts itself', { decisionPolicy: { ...dossierJson.decisionPolicy, approveBelow: 0.9 } }, 'approveBelow may not lie above declineFrom'],
  ])('is refused with %s', (_, changes, sentence) => {
    expect(() => parse(changes)).toThrow(sentence);
  });

  it('is refused when it is not JSON', () => {
    expect(() => parseDossier('{')).toThrow('The dossier is not JSON');
  });

  it('read from storage must still have its digest', () => {
    const { canonical, digest } = parseDossier(JSON.stringify(dossierJson));
    expect(readDossier(canonical, digest).metrics.auc).toBe(0.8);
    expect(() => readDossier(canonical.replace('0.8', '0.9'), digest)).toThrow('does not have its digest any more');
  });
});
