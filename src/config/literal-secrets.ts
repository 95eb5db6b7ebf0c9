import { formatPath, type KeyPath } from "./key-path.ts";

/** Names of keys whose values are secrets. */
export const SECRET_KEY = /^(?:.*(?:token|secret|password|apikey|api_key)|pass|authorization)$/i;
/** Parts of the file whose keys name things, not secrets. */
const SECTIONS = ["gateway", "harnesses", "channels", "alerts"];

/** Warns of secrets that stand in the file itself, found by their keys' names. The values aren't shown. Pure. */
export function literalSecrets(raw: unknown): readonly string[] {
  const found: string[] = [];
  const visit = (value: unknown, path: KeyPath): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(key) : key];
      if (typeof child === "string" && child !== "" && SECRET_KEY.test(key.replaceAll("-", "_"))) {
        found.push(
          `${formatPath("", at)}: the secret stands in the file; better {env: "NAME"} or {file: "path"}`,
        );
      } else visit(child, at);
    }
  };
  if (typeof raw !== "object" || raw === null) return [];
  for (const section of SECTIONS) visit((raw as Readonly<Record<string, unknown>>)[section], [section]);
  return found;
}
