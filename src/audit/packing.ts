import { canonicalJson } from '../platform/index.js';
import type { AuditEvent, AuditPayloads } from './events.js';

/*
 * How leaves lie in the database. A leaf is canonical JSON, and most are of predictions, which are digests and ids: in
 * hexadecimal they take twice their bytes. Published in docs/record-format.md; the function unpacked_leaf of the database
 * is the same in SQL.
 */

/** What the first byte of a packed leaf is. Canonical JSON begins with a brace: a leaf that does is not packed. */
const PACKED = 1;

const STATUSES = ['SCORED', 'REFUSED', 'FAILED'];
const [NO_ARTEFACT, NO_DEPLOYMENT, NO_DOSSIER] = [1, 2, 4];
const STATUS_SHIFT = 3;

/** Mark, flags, and the time in milliseconds since 1970 in six bytes. Then follow actor, id, columns, commitment, record; and artefact, deployment, dossier where there are such. */
const HEAD_BYTES = 8;
const ID = 16;
const DIGEST = 32;

/** @returns the leaf as it is stored */
export function packLeaf(event: AuditEvent, leaf: Buffer): Buffer {
  if (event.type !== 'PREDICTION_RECORDED') return leaf;
  const packed = packedOf(event, event.payload);
  // Whatever does not come back as it was is stored as it is.
  return packed && unpackLeaf(packed).equals(leaf) ? packed : leaf;
}

/** @returns the leaf's own bytes; of bytes that nobody packed, themselves: their hash is no leaf's */
export function unpackLeaf(stored: Buffer): Buffer {
  if (stored[0] !== PACKED || stored.length < HEAD_BYTES) return stored;
  const layout = (LAYOUTS[stored[1]!] ??= layoutOf(stored[1]!));
  if (stored.length !== layout.packed) return stored;
  const leaf = Buffer.from(layout.template);
  const { places } = layout;
  for (let index = 0; index < places.length; index += 1) {
    const [byte, to] = [stored[HEAD_BYTES + index]!, places[index]!];
    leaf[to] = HIGH[byte]!;
    leaf[to + 1] = LOW[byte]!;
  }
  leaf.write(timeText(stored.readUIntBE(2, 6)), layout.time, 'latin1');
  return leaf;
}

function packedOf({ id, actor, time }: AuditEvent, payload: AuditPayloads['PREDICTION_RECORDED']): Buffer | undefined {
  const { artefact, deployment, dossier, columns, commitment, record } = payload;
  const status = STATUSES.indexOf(payload.status);
  const milliseconds = time.getTime();
  if (status < 0 || !(milliseconds >= 0 && milliseconds < 2 ** 48)) return undefined;
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = PACKED;
  head[1] = (status << STATUS_SHIFT) | (artefact ? 0 : NO_ARTEFACT) | (deployment ? 0 : NO_DEPLOYMENT) | (dossier ? 0 : NO_DOSSIER);
  head.writeUIntBE(milliseconds, 2, 6);
  return Buffer.concat([head, ...[actor, id, columns, commitment, record, artefact, deployment, dossier].map((text) => Buffer.from((text ?? '').replaceAll('-', ''), 'hex'))]);
}

/** The two hexadecimal digits of each byte. */
const HIGH = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0').charCodeAt(0)));
const LOW = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0').charCodeAt(1)));

let second = Number.NaN;
let secondText = '';

/** As `toISOString`, which is made anew once a second only: events come many in one. */
function timeText(milliseconds: number): string {
  if (Math.floor(milliseconds / 1_000) !== second) [second, secondText] = [Math.floor(milliseconds / 1_000), new Date(milliseconds).toISOString().slice(0, -4)];
  return `${secondText}${String(milliseconds % 1_000).padStart(3, '0')}Z`;
}

/** A leaf with nothing in it yet, and what goes where. */
interface Layout {
  readonly template: Buffer;
  /** Where the digits of each byte begin. */
  readonly places: Uint16Array;
  /** Where the time is written. */
  readonly time: number;
  /** Length of what is stored; of flags that nobody writes, none that there is. */
  readonly packed: number;
}

/** By their flags: there are few, and to put one together takes longer than to fill it. */
const LAYOUTS: Layout[] = [];

/** Which part of a leaf is how long, in the order in which they are stored. */
const partsOf = (flags: number): [string, number][] => [
  ['actor', ID], ['id', ID], ['columns', DIGEST], ['commitment', DIGEST], ['record', DIGEST],
  ['artefact', flags & NO_ARTEFACT ? 0 : DIGEST], ['deployment', flags & NO_DEPLOYMENT ? 0 : ID], ['dossier', flags & NO_DOSSIER ? 0 : DIGEST],
];

/** A leaf of zeros, and where in it the digits go. */
function layoutOf(flags: number): Layout {
  const status = STATUSES[flags >> STATUS_SHIFT];
  if (status === undefined) return { template: Buffer.alloc(0), places: new Uint16Array(), time: 0, packed: -1 };
  const parts = partsOf(flags);
  const zeros = Object.fromEntries(parts.map(([name, bytes]) => [name, bytes === 0 ? null : zerosOf(bytes)]));
  const template = Buffer.from(canonicalJson({ ...zeros, status, time: NO_TIME, type: 'PREDICTION_RECORDED', v: 1 }));
  const places = parts.flatMap(([name, bytes]) => placesOf(bytes, template.indexOf(`"${name}":"`) + name.length + 4));
  return { template, places: Uint16Array.from(places), time: template.indexOf(NO_TIME), packed: HEAD_BYTES + places.length };
}

const NO_TIME = new Date(0).toISOString();

/** The bytes of a UUID's groups. */
const GROUPS = [4, 2, 2, 2, 6];

const zerosOf = (bytes: number): string => (bytes === ID ? GROUPS.map((group) => '00'.repeat(group)).join('-') : '00'.repeat(bytes));

/** Of an id or a digest that begins there: two digits for each byte, and a dash between the groups of an id. */
function placesOf(bytes: number, begin: number): number[] {
  const groups = bytes === ID ? GROUPS : [bytes];
  return groups.flatMap((group, nth) => {
    const before = groups.slice(0, nth).reduce((sum, one) => sum + 2 * one + 1, begin);
    return Array.from({ length: group }, (_, index) => before + 2 * index);
  });
}
