/** What a platform sent, before anything is known of it. */
export type Json = Readonly<Record<string, unknown>>;

/** An object's own field, never one of its prototype. */
function field(from: Json, key: string): unknown {
  return Object.hasOwn(from, key) ? from[key] : undefined;
}

export function asObject(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function objectAt(from: Json, key: string): Json | undefined {
  return asObject(field(from, key));
}

export function objectsAt(from: Json, key: string): readonly Json[] {
  const list: unknown = field(from, key);
  if (!Array.isArray(list)) return [];
  return list.map(asObject).filter((item) => item !== undefined);
}

/** A text without half characters, undefined when it is something else or empty. */
export function textAt(from: Json, key: string): string | undefined {
  const value = field(from, key);
  return typeof value === "string" && value !== "" ? value.toWellFormed() : undefined;
}

/** A whole number that JavaScript holds exactly. */
export function numberAt(from: Json, key: string): number | undefined {
  const value = field(from, key);
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

export function isTrue(from: Json, key: string): boolean {
  return field(from, key) === true;
}
