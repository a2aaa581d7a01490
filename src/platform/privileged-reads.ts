/** What may be read that not everybody may see. */
export type ReadKind = 'IDENTITY' | 'PROTECTED' | 'STATEMENT' | 'PREDICTION';

/** What was read within one request, to be told to the log before the answer is. Each thing counts once. */
export class PrivilegedReads {
  private readonly noted = new Map<ReadKind, Set<string>>();

  /** @param id of the row that it is about: a customer, or a prediction */
  note(kind: ReadKind, id: string): void {
    const ids = this.noted.get(kind);
    if (ids) ids.add(id);
    else this.noted.set(kind, new Set([id]));
  }

  /** All that was noted, which is forgotten with it. */
  take(): [kind: ReadKind, id: string][] {
    const all = [...this.noted].flatMap(([kind, ids]) => Array.from(ids, (id): [ReadKind, string] => [kind, id]));
    this.noted.clear();
    return all;
  }
}
