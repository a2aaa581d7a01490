/** Values under a limit of bytes: what came first goes first. One value is kept whatever its size. */
export class Limited<T> {
  private readonly values = new Map<number, T>();

  constructor(
    private readonly bytesOf: (value: T) => number,
    private readonly limit: number,
  ) {}

  get(key: number): T | undefined {
    return this.values.get(key);
  }

  /** @returns the keys that had to go */
  set(key: number, value: T): number[] {
    const gone: number[] = [];
    let room = this.limit - this.bytesOf(value);
    for (const held of this.values.values()) room -= this.bytesOf(held);
    for (const [first, held] of this.values) {
      if (room >= 0) break;
      room += this.bytesOf(held);
      gone.push(first);
    }
    for (const each of gone) this.values.delete(each);
    this.values.set(key, value);
    return gone;
  }

  clear(): void {
    this.values.clear();
  }
}
