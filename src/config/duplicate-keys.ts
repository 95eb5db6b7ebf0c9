/** A key that stands in one object for the second time, with its place, counted from 1. */
export interface DuplicateKey {
  readonly key: string;
  readonly line: number;
  readonly column: number;
}

// One token of JSON5: blank, comment, string, punctuation, or a run of anything else (names, numbers, words).
const TOKEN =
  /[\s\uFEFF]+|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[{}[\]:,]|[^\s{}[\]:,"'/]+/gu;

/**
 * Finds keys that one object has twice, where the parser would silently keep the last. Pure; takes text that the
 * parser has accepted. Keys are compared as written, without their quotes.
 */
export function duplicateKeys(text: string): readonly DuplicateKey[] {
  const found: DuplicateKey[] = [];
  /** Keys of the open objects; null for an open list. */
  const open: (Set<string> | null)[] = [];
  let last: { readonly text: string; readonly at: number } | undefined;
  for (const match of text.matchAll(TOKEN)) {
    const [token] = match;
    if (/^[\s\uFEFF]|^\/[/*]/.test(token)) continue;
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":" && last !== undefined) {
      const keys = open.at(-1);
      const key = /^["']/.test(last.text) ? last.text.slice(1, -1) : last.text;
      if (keys?.has(key) === true) found.push({ key, ...placeOf(text, last.at) });
      keys?.add(key);
    }
    last = { text: token, at: match.index };
  }
  return found;
}

function placeOf(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split(/\r\n|[\n\r\u2028\u2029]/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
