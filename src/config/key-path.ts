import { visibleText } from "../core/visible-text.ts";

export type KeyPath = readonly PropertyKey[];

/** Writes where something stands, as one would write it in code: `agents.list[0].model`, `groups["-100"].agent`. */
export function formatPath(at: string, path: KeyPath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = String(key);
    if (!/^[A-Za-z_$][\w$-]*$/.test(name)) return `${text}[${shorten(JSON.stringify(name))}]`;
    return text === "" ? shorten(name) : `${text}.${shorten(name)}`;
  }, at);
}

/** The value at a path, undefined where there is none. */
export function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return value;
}

/** A name from the file as it may be shown on one line: nothing invisible, at most 80 characters. */
export function shorten(name: string): string {
  const text = visibleText(name);
  return text.length <= 80 ? text : `${text.slice(0, 77)}…`;
}
