import { isDeepStrictEqual } from "node:util";
import { formatPath, type KeyPath } from "./key-path.ts";
import { SECRET_KEY } from "./literal-secrets.ts";
import { parseText, type ConfigLanguage } from "./parse-text.ts";

/** What stands in the place of a secret that was left out. */
const LEFT_OUT = "LEFT-OUT-OF-THE-BACKUP";

/** Addresses that let in whoever knows them: of alert routes and of the dead man's switch. */
const SECRET_URL = /^(?:url|smtp)$/;
/** How the schema refers to a secret that stands elsewhere. */
const REFERENCE = /^(?:env|file|command)$/;
/** A password within an address. */
const URL_PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/[^/@:]*:)[^/@]+@/i;

interface Found {
  readonly at: string;
  readonly value: string;
  readonly instead: string;
}

/**
 * A configuration's text without the secrets that stand in it. The text stays as it was written where that takes out
 * exactly them; else the values are written anew, without comments.
 *
 * @returns with the keys whose values were left out
 * @throws RollcallError `config-syntax`
 */
export async function leaveOutSecrets(
  text: string,
  language: ConfigLanguage,
): Promise<{ readonly text: string; readonly leftOut: readonly string[] }> {
  const found: Found[] = [];
  const wanted = without(await parseText(text, language), [], found);
  if (found.length === 0) return { text, leftOut: [] };
  const leftOut = found.map(({ at }) => at);
  const replaced = found
    .toSorted((a, b) => b.value.length - a.value.length)
    .reduce((sum, { value, instead }) => replaceValue(sum, value, instead), text);
  const same = isDeepStrictEqual(await parsedOrNot(replaced, language), wanted);
  return { text: same ? replaced : `${JSON.stringify(wanted, null, 2)}\n`, leftOut };
}

function replaceValue(text: string, value: string, instead: string): string {
  return text.replaceAll(JSON.stringify(value).slice(1, -1), instead).replaceAll(value, instead);
}

async function parsedOrNot(text: string, language: ConfigLanguage): Promise<unknown> {
  try {
    return await parseText(text, language);
  } catch {
    // What was replaced was more than a value: then the values are written anew.
    return undefined;
  }
}

/** The same values without secrets. Prototypes don't matter: it is only compared and written. */
function without(value: unknown, path: KeyPath, found: Found[]): unknown {
  if (typeof value === "string") return withoutText(value, path, found);
  if (Array.isArray(value)) return value.map((item: unknown, n) => without(item, [...path, n], found));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, without(child, [...path, key], found)]),
  );
}

function withoutText(value: string, path: KeyPath, found: Found[]): string {
  const instead = insteadOf(value, path);
  if (instead !== value) found.push({ at: formatPath("", path), value, instead });
  return instead;
}

function insteadOf(value: string, path: KeyPath): string {
  const names = path.filter((part) => typeof part === "string");
  const [section, key = "", parent] = [names[0], names.at(-1), names.at(-2)];
  // `{env: "NAME"}` says where a secret is, and is none.
  if (value === "" || (REFERENCE.test(key) && parent !== "headers")) return value;
  if (SECRET_KEY.test(key.replaceAll("-", "_"))) return LEFT_OUT;
  if (section === "alerts" && (SECRET_URL.test(key) || names.includes("headers"))) return LEFT_OUT;
  return value.replace(URL_PASSWORD, `$1${LEFT_OUT}@`);
}
