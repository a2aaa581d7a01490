import { readLeaf } from '../audit/index.js';
import { ACT_TYPES, actsOf, changedBy, type Act, type Row } from './acts-of-rows.js';

/** By what an event may be looked for. */
const MEMBERS = ['id', 'version', 'resolution'] as const;

type Leaf = Readonly<Record<string, unknown>>;

interface Told {
  /** As text, which is small. */
  readonly leaf: string;
  /** Rows that it was found for: an event tells of one of a table, unless many share it. */
  readonly of: Set<string>;
}

/** The acts of people that the log tells of, and which rows they account for. Holds their leaves. */
export class ActsInLog {
  private readonly told = new Map<string, Told[]>();

  add(type: string, bytes: Buffer): void {
    if (!ACT_TYPES.has(type)) return;
    const leaf = readLeaf<Leaf | null>(bytes);
    if (leaf?.['type'] !== type) return;
    const one: Told = { leaf: bytes.toString('utf8'), of: new Set() };
    for (const member of MEMBERS) {
      const value = leaf[member];
      if (typeof value !== 'string') continue;
      const key = keyOf(type, member, value);
      const same = this.told.get(key);
      if (same) same.push(one);
      else this.told.set(key, [one]);
    }
  }

  /** @returns the types of events that should tell of the row, and do not */
  missing(table: string, row: Row): Act['types'][] {
    return actsOf(table, row).filter((act, nth) => !this.found(act, `${table} ${nth}`)).map(({ types }) => types);
  }

  /** How often acts changed the row of this id; any number where acts are not counted. */
  changesOf(table: string, id: string): number {
    const [member, types] = changedBy(table) ?? [];
    return types && member ? types.reduce((sum, type) => sum + (this.told.get(keyOf(type, member, id))?.length ?? 0), 0) : Infinity;
  }

  private found({ types, of: [member, value], says, shared }: Act, of: string): boolean {
    const told = types.flatMap((type) => this.told.get(keyOf(type, member, value)) ?? []).find((one) => (shared || !one.of.has(of)) && agrees(JSON.parse(one.leaf) as Leaf, says));
    if (!shared) told?.of.add(of);
    return told !== undefined;
  }
}

const keyOf = (type: string, member: string, value: string): string => `${type} ${member} ${value}`;

const agrees = (leaf: Leaf, says: Act['says']): boolean =>
  Object.entries(says).every(([name, value]) => leaf[name] === undefined || (value === undefined ? leaf[name] === null : String(leaf[name]) === value));
