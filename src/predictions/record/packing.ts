import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { badInput } from '../../platform/index.js';

/** What the first byte of a packed body is. Canonical JSON begins with a brace: a body that does is not packed. */
const PACKED = 1;
const BRACE = 0x7b;

/**
 * Where a packed body's deflate begins: what most bodies hold, the commonest last. Published in docs/record-format.md; it never
 * changes, since every stored record rests on it. Another one is another first byte.
 */
export const DICTIONARY = Buffer.from([
  '"standardErrors":[', '"simulation":{"baseline":{', '"steps":[{"from":', '"moved":[[', '"path":"', '"novelty":{"distance":', ',"novel":false,"threshold":',
  '"BELOW_MINIMUM"', '"ABOVE_MAXIMUM"', '"MISSING"', '"UNSEEN"', '"OVERDUE"', '"cause":"POLICY"', '"REVIEW_UNFIT"', '"decision":"DECLINE"', '"decision":"REFER"', '"decision":"APPROVE"',
  '"WHAT_IF"', '"ACCOUNT_REVIEW"', '"ORIGINATION"', '"problem":{"code":"', '","message":"', '"UNDERWRITER"', '"AUDITOR"', '"ADMIN"', '"exact"', '"sampled-shapley"', '"shapley"', '"linear"',
  ' is higher than usual.', ' is lower than usual.', ' is longer than usual.', ' is shorter than usual.', ' than for most approved applicants', 'The share of the ', 'The number of ', 'The amount of ', 'customer.', 'loan.', 'repayments',
  '0.0', '-0.0', ',0.0', ',-0.0', '],[', '.00', '.25', '.5', '.75', '[0],[1],[0],[0],[null],',
  '{"explanation":{"attributions":[0.0', '],"baselineLogit":-', ',"logit":-', ',"method":"integrated-gradients","residual":0', '},"inputs":[[', ']],"outputs":{"cause":null,"decision":"', '","grade":"', '","logit":-', ',"pd":0.0', ',"points":5',
  '},"problem":null,"r":"', '","reasons":[{"code":"', '","contribution":0.', ',"feature":"', '","text":"', '"},{"code":"', '"}],"roles":["PORTAL"],"runtime":"onnxruntime-node 1.30.0 linux x64","v":1}',
].join(''));

const OPTIONS = { dictionary: DICTIONARY, level: 6, windowBits: 12, memLevel: 4 };

/** Most of a record is digits and names that recur: deflated it takes a third. */
export const pack = (canonical: string): Buffer => Buffer.concat([Buffer.from([PACKED]), deflateRawSync(canonical, OPTIONS)]);

/** @throws BAD_INPUT for a way of packing of a later release */
export function unpack(plaintext: Buffer): string {
  if (plaintext[0] === BRACE) return plaintext.toString('utf8');
  if (plaintext[0] === PACKED) return inflateRawSync(plaintext.subarray(1), OPTIONS).toString('utf8');
  throw badInput(`A record begins with ${String(plaintext[0])}; this release reads those that begin with ${PACKED} or ${BRACE}. Use a later release.`);
}
