import { RollcallError } from "../core/errors.ts";

/**
 * Parses JSON as `JSON.parse` does, and refuses what two parsers may read differently or what only an attack needs:
 * a key that stands twice in an object, and nesting beyond `maxDepth`.
 *
 * @throws RollcallError `request-malformed`
 */
export function parseStrictJson(text: string, maxDepth: number): unknown {
  const value = parse(text);
  checkShape(text, maxDepth);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The parser's own message quotes the input, which may hold a secret.
    throw malformed("the body is not valid JSON");
  }
}

/** Walks over valid JSON. Strings are jumped over, so that a large attachment costs next to nothing. */
function checkShape(text: string, maxDepth: number): void {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "{" || char === "[") {
      open.push(new Set());
      if (open.length > maxDepth) throw malformed(`the body is nested deeper than ${maxDepth} levels`);
    } else if (char === "}" || char === "]") {
      open.pop();
    } else if (char === '"') {
      const end = stringEnd(text, i);
      // In valid JSON a string before a colon is a key, and nothing else is.
      if (isKey(text, end)) {
        const key = JSON.parse(text.slice(i, end + 1)) as string;
        const keys = open.at(-1);
        if (keys?.has(key) === true) throw malformed("a key stands twice in one object", key);
        keys?.add(key);
      }
      i = end;
    }
  }
}

function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

function isKey(text: string, end: number): boolean {
  let next = end + 1;
  while (/[ \t\r\n]/.test(text[next] ?? "")) next++;
  return text[next] === ":";
}

function malformed(detail: string, at?: string): RollcallError {
  return new RollcallError("request-malformed", {
    detail,
    ...(at !== undefined && { at: at.slice(0, 100) }),
  });
}
