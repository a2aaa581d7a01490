/** Conditions of a statement and their parameters, grown together. */
export class Where {
  readonly conditions: string[] = [];
  readonly parameters: unknown[] = [];

  /** Adds a condition in which `?` stands for the value; nothing where there is no value. */
  add(condition: string, value: unknown): this {
    if (value === undefined || value === null) return this;
    this.parameters.push(value);
    this.conditions.push(condition.replaceAll('?', `$${this.parameters.length}`));
    return this;
  }
}
