import { messageOf, RollcallError } from "../core/errors.ts";
import { visibleText } from "../core/visible-text.ts";
import { duplicateKeys } from "./duplicate-keys.ts";
import { CONFIG_LIMITS } from "./limits.ts";

/** What the file's ending says that it is written in. */
export type ConfigLanguage = "json5" | "yaml";

/** Undefined for an ending that no configuration has. Pure. */
export function languageOf(path: string): ConfigLanguage | undefined {
  if (/\.json5?$/i.test(path)) return "json5";
  return /\.ya?ml$/i.test(path) ? "yaml" : undefined;
}

/**
 * Reads a configuration's text into plain values. A byte order mark is skipped; keys that stand twice, an empty file,
 * and nesting beyond bounds are errors.
 *
 * @throws RollcallError `config-syntax`, with line and column where they are known
 */
export async function parseText(text: string, language: ConfigLanguage): Promise<unknown> {
  const plain = text.replace(/^\uFEFF/, "");
  if (plain.trim() === "") throw syntax("the file is empty; the smallest configuration is {}");
  const value = language === "yaml" ? await parseYaml(plain) : await parseJson5(plain);
  checkTree(value);
  return value;
}

async function parseJson5(text: string): Promise<unknown> {
  const { default: json5 } = await import("json5");
  let value: unknown;
  try {
    value = json5.parse(text);
  } catch (error) {
    const { lineNumber, columnNumber } = error as { lineNumber?: number; columnNumber?: number };
    const what = messageOf(error)
      .replace(/^JSON5: /, "")
      .replace(/ at \d+:\d+$/, "");
    throw syntax(what, lineNumber, columnNumber);
  }
  const [twice] = duplicateKeys(text);
  if (twice !== undefined) throw syntax(`the key "${twice.key}" stands twice`, twice.line, twice.column);
  return value;
}

async function parseYaml(text: string): Promise<unknown> {
  const { parseDocument } = await import("yaml");
  try {
    const document = parseDocument(text, { logLevel: "error", prettyErrors: false });
    const [error] = document.errors;
    if (error !== undefined) {
      const before = text.slice(0, error.pos[0]).split("\n");
      throw syntax(error.message, before.length, (before.at(-1)?.length ?? 0) + 1);
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return value;
  } catch (error) {
    if (error instanceof RollcallError) throw error;
    // Beyond its error list the parser throws for aliases that multiply and for nesting that exhausts the stack.
    throw syntax(messageOf(error));
  }
}

function syntax(what: string, line?: number, column?: number): RollcallError {
  const where = line === undefined ? "" : `line ${line}, column ${column ?? 1}: `;
  const [first = ""] = what.split("\n");
  return new RollcallError("config-syntax", { detail: where + visibleText(first).slice(0, 200) });
}

/** Bounds the nesting, and refuses the one key that could change what objects are. Without recursion. */
function checkTree(root: unknown): void {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value !== "object" || value === null) continue;
    if (depth > CONFIG_LIMITS.depth) throw syntax(`nested deeper than ${CONFIG_LIMITS.depth} levels`);
    if (Object.hasOwn(value, "__proto__")) throw syntax('"__proto__" is not allowed as a key');
    for (const child of Object.values(value)) open.push({ value: child, depth: depth + 1 });
  }
}
