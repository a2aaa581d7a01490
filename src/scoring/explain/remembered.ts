/** Remembers what was found for an object as long as the object lives; a failure is tried again by the next caller. */
export function remembered<K extends object, V>(find: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const known = new WeakMap<K, Promise<V>>();
  return (key) => {
    const found = known.get(key) ?? find(key);
    known.set(key, found);
    found.catch(() => known.delete(key));
    return found;
  };
}
