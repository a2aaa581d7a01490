/** Conditions of a statement and their parameters, grown together. */
export class Where {
  readonly conditions: string[] = [];
  readonly parameters: unknown[] = [];

  /** Adds a condition in which `?` stands for the value; nothing where there is no value. */
  add(condition: string, value: unknown): this {
    if (value === undefined || value === null) return this;
    if (typeof value === 'string' && value.includes('\0')) return this.never();
    this.parameters.push(value);
    this.conditions.push(condition.replaceAll('?', `$${this.parameters.length}`));
    return this;
  }

  /** A value that conditions refer to by the name that this returns, as often as they like. */
  bind(value: unknown): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }

  /** PostgreSQL's text cannot hold a NUL, so nothing is found by one. */
  private never(): this {
    this.conditions.push('false');
    return this;
  }
}
