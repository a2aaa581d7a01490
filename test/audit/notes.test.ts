import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  COSIGNATURE_KEY, cosign, formatCheckpoint, formatKey, formatNote, formatProof, formatReceipt, NOTE_KEY, parseCheckpoint, parseKey, parseNote, parseProof, parseReceipt, parseSignatureLine, rawPublicKey, signatureLine, signNote, verifierKey, verifyNote,
} from '../../src/audit/index.js';

/** The example in the documentation of golang.org/x/mod/sumdb/note, where the format is from. */
const PUBLISHED = {
  key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  note: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
};

const pair = generateKeyPairSync('ed25519');
const key = verifierKey('log.example/assay', NOTE_KEY, rawPublicKey(pair.privateKey));
const witness = verifierKey('witness.example/w1', COSIGNATURE_KEY, rawPublicKey(pair.privateKey));
const text = formatCheckpoint({ origin: 'log.example/assay', size: 7, root: Buffer.alloc(32, 1) });

describe('signed notes', () => {
  it('of others verify: the published example', () => {
    const known = parseKey(PUBLISHED.key);
    const note = parseNote(PUBLISHED.note);
    expect(verifyNote(note, [known])).toEqual([{ key: known, time: undefined }]);
    expect([formatKey(known), formatNote(note)]).toEqual([PUBLISHED.key, PUBLISHED.note]);
    expect(() => verifyNote({ ...note, text: note.text.replace('answer', 'question') }, [known])).toThrow('The signature of PeterNeumann does not fit the text');
  });

  it('carry signatures of several keys, of which unknown ones are ignored', () => {
    const note = parseNote(formatNote({ text, signatures: [signNote(key, pair.privateKey, text), cosign(witness, pair.privateKey, text, 1_700_000_000)] }));
    expect(verifyNote(note, [witness])).toEqual([{ key: witness, time: 1_700_000_000 }]);
    expect(verifyNote(note, [key, witness])).toHaveLength(2);
    expect(verifyNote(note, [parseKey(PUBLISHED.key)])).toEqual([]);
  });

  it('do not let one kind of signature pass for the other, though the key is the same', () => {
    const bytes = signNote(key, pair.privateKey, text).bytes;
    expect(() => verifyNote({ text, signatures: [{ name: witness.name, keyId: witness.id, bytes }] }, [witness])).toThrow('does not fit');
    const stamped = cosign(witness, pair.privateKey, text, 1).bytes;
    expect(() => verifyNote({ text, signatures: [{ name: key.name, keyId: key.id, bytes: stamped.slice(8) }] }, [key])).toThrow('does not fit');
  });

  it.each([
    ['no signature', 'text\n\n'], ['no empty line', 'text\n'], ['no last newline', `${PUBLISHED.note.trimEnd()}`], ['a hyphen for a dash', PUBLISHED.note.replace('—', '-')],
    ['a name with a plus', PUBLISHED.note.replace('PeterNeumann', 'Peter+Neumann')], ['base64 that is none', PUBLISHED.note.replace('x08go', 'x0!go')],
    ['a control character', `te\u0000xt\n${PUBLISHED.note}`], ['a carriage return', PUBLISHED.note.replace('\n', '\r\n')],
  ])('with %s are none', (_, note) => {
    expect(() => parseNote(note)).toThrow(SyntaxError);
  });

  it.each(['PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'PeterNeumann+c74f20a3+AhpcARpc', 'x', PUBLISHED.key.replace('ARpc', 'CRpc')])('%s is no key', (text_) => {
    expect(() => parseKey(text_)).toThrow(SyntaxError);
  });
});

/** A checkpoint of a certificate log, with cosignatures by witnesses whose keys are published (transparency.dev/witnesses). */
const COSIGNED = {
  keys: [
    'transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM', 'witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO',
    'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2', 'witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv',
  ],
  log: 'arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f',
  note: `arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
`,
};

describe('cosignatures', () => {
  it('of public witnesses of a public log verify, each with its time; other kinds of signatures are left aside', () => {
    const note = parseNote(COSIGNED.note);
    const keys = COSIGNED.keys.map(parseKey);
    expect(verifyNote(note, [parseKey(COSIGNED.log), ...keys]).map(({ key: { name }, time }) => [name, time])).toEqual([
      ['arche2025h1.staging.ct.transparency.dev', undefined], ...keys.map(({ name }) => [name, 0x6a122120]),
    ]);
    expect(formatNote(note)).toBe(COSIGNED.note);
    for (const one of keys) expect(() => verifyNote({ ...note, text: note.text.replace('1432088532', '1432088533') }, [one])).toThrow(`The signature of ${one.name} does not fit`);
    // A second more or less is another statement.
    for (const one of keys) expect(() => verifyNote(parseNote(COSIGNED.note.replaceAll('AAAABqEiEg', 'AAAABqEiEh')), [one])).toThrow('does not fit');
  });

  it('have the layout of the published example: id, time, signature', () => {
    const line = '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==';
    const { name, keyId, bytes } = parseSignatureLine(line);
    expect([name, Buffer.from(keyId).toString('hex'), Buffer.from(bytes).readBigUInt64BE(), bytes.length]).toEqual(['witness.example.com/w1', '8d66cf3f', 1679315147n, 72]);
    expect(signatureLine({ name, keyId, bytes })).toBe(`${line}\n`);
  });
});

describe('what notes say', () => {
  it('of a log is origin, size and root', () => {
    expect(parseCheckpoint(text)).toEqual({ origin: 'log.example/assay', size: 7, root: Buffer.alloc(32, 1) });
    for (const wrong of [text.replace('7', '07'), text.replace('7', '-7'), text.trimEnd(), 'x\n7\nAQ==\n', text.replace('7', '99999999999999999')]) expect(() => parseCheckpoint(wrong)).toThrow(SyntaxError);
  });

  it('of a receipt is the log, the event, its leaf and the time; and no receipt is a checkpoint', () => {
    const receipt = { origin: 'log.example/assay', event: '018f0000-0000-7000-8000-000000000001', leaf: Buffer.alloc(32, 2), recordedAt: new Date('2026-01-02T03:04:05.678Z') };
    expect(parseReceipt(formatReceipt(receipt))).toEqual(receipt);
    expect(() => parseCheckpoint(formatReceipt(receipt))).toThrow(SyntaxError);
    expect(() => parseReceipt(text)).toThrow(SyntaxError);
  });

  it('of a proof is index, path and checkpoint, in the text of C2SP tlog-proof', () => {
    const proof = { index: 3, path: [Buffer.alloc(32, 3), Buffer.alloc(32, 4)], checkpoint: formatNote({ text, signatures: [signNote(key, pair.privateKey, text)] }) };
    expect(parseProof(formatProof(proof))).toEqual(proof);
    expect(parseProof(formatProof({ ...proof, path: [] })).path).toEqual([]);
    expect(parseProof(formatProof(proof).replace('index', 'extra AAAA\nindex'))).toEqual(proof);
    for (const wrong of ['', 'c2sp.org/tlog-proof@v2\nindex 1\n\nx', 'c2sp.org/tlog-proof@v1\nindex 01\n\nx', 'c2sp.org/tlog-proof@v1\nindex 1\nAA==\n\nx']) expect(() => parseProof(wrong)).toThrow(SyntaxError);
  });
});
