/**
 * Lays one tree of plain objects over another: objects are merged key by key, everything else (lists too) is taken
 * from the later one; what is undefined there changes nothing. Pure; shares what it doesn't change.
 */
export function merge(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  if (!isPlainObject(under) || !isPlainObject(over)) return over;
  const keys = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries(
    [...keys]
      .map((key) => [key, merge(own(under, key), own(over, key))] as const)
      .filter(([, value]) => value !== undefined),
  );
}

/** A mapping of keys, as JSON knows it. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a key of the object's own, undefined for what it inherits. */
export function own(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
