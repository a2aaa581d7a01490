/** The outcome of each customer: 1 where any of their rows defaulted. */
export function outcomesOfUnits(labels: ArrayLike<number>, units: Uint32Array): Uint8Array {
  const outcomes = new Uint8Array(units.reduce((most, unit) => Math.max(most, unit), -1) + 1);
  units.forEach((unit, row) => {
    if (labels[row] === 1) outcomes[unit] = 1;
  });
  return outcomes;
}

/** Numbers names in the order of their first row. */
export function numbered(names: readonly string[]): Uint32Array {
  const numbers = new Map<string, number>();
  return Uint32Array.from(names, (name) => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  });
}
