import type { DataKey } from '../security/index.js';
import type { SealedFacts } from './customer.queries.js';
import { unsealSection, type PlainRecord } from './sections.js';

export type SectionName = 'identity' | 'attributes' | 'protected';

/** Facts of a customer, each section unsealed when it is first asked for. Empty where the customer was erased. */
export class OpenedFacts {
  readonly effectiveAt: Date;
  readonly recordedAt: Date;
  readonly recordedBy: string;
  private readonly opened = new Map<SectionName, PlainRecord>();

  constructor(
    private readonly sealed: SealedFacts,
    private readonly key: DataKey | undefined,
  ) {
    this.effectiveAt = new Date(sealed.effectiveAt);
    this.recordedAt = new Date(sealed.recordedAt);
    this.recordedBy = sealed.recordedBy;
  }

  section(name: SectionName): PlainRecord {
    const known = this.opened.get(name);
    if (known) return known;
    const section = this.unseal(name);
    this.opened.set(name, section);
    return section;
  }

  get identity(): Readonly<Record<string, string>> {
    return this.section('identity') as Readonly<Record<string, string>>;
  }

  private unseal(name: SectionName): PlainRecord {
    const text = this.sealed[name];
    if (!this.key || text === null) return {};
    return unsealSection(this.key, 'customer_facts', name, this.sealed.id, Buffer.from(text, 'base64'));
  }
}
