/** Resolves in a later millisecond: what is recorded next is not of this one. */
export async function untilAfter(at: Date): Promise<void> {
  while (Date.now() <= at.getTime()) await new Promise((later) => void setImmediate(later));
}
