import { RollcallError } from "../core/errors.ts";

/** The fields of a request's body, by name. Has no prototype. */
export type Fields = Readonly<Record<string, unknown>>;

/** Bounds of a text, in UTF-16 units. */
export interface TextBounds {
  readonly max: number;
  /** Whether line breaks and other control characters may stand in it. */
  readonly lines?: boolean;
}

/**
 * Checks that a value is an object with none but known fields.
 *
 * @param at where it stands in the body, for errors
 * @throws RollcallError `request-malformed`, naming the first unknown field
 */
export function readFields(value: unknown, known: readonly string[], at = ""): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(at, at === "" ? "the body is not an object" : "is not an object");
  }
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      throw malformed(
        join(at, name.slice(0, 100)),
        `is not a field; known are ${known.join(", ") || "none"}`,
      );
    }
  }
  return Object.assign(Object.create(null) as object, value) as Fields;
}

/**
 * An optional text. Lone surrogates are replaced, so that what is stored is what was compared.
 *
 * @throws RollcallError `request-malformed`
 */
export function optionalText(fields: Fields, name: string, bounds: TextBounds, at = ""): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw malformed(join(at, name), "is not a text");
  if (value === "") throw malformed(join(at, name), "is empty");
  if (value.length > bounds.max) throw malformed(join(at, name), `is longer than ${bounds.max} characters`);
  if (bounds.lines !== true && /\p{Cc}/u.test(value))
    throw malformed(join(at, name), "has control characters");
  return value.toWellFormed();
}

/** As {@link optionalText}, where the field must be there. @throws RollcallError `request-malformed` */
export function requiredText(fields: Fields, name: string, bounds: TextBounds, at = ""): string {
  const value = optionalText(fields, name, bounds, at);
  if (value === undefined) throw malformed(join(at, name), "is missing");
  return value;
}

/**
 * Reads a query of known parameters, each at most once.
 *
 * @throws RollcallError `request-malformed`
 */
export function readQuery(
  query: URLSearchParams,
  known: readonly string[],
): Readonly<Record<string, string>> {
  const read: Record<string, string> = {};
  for (const [name, value] of query) {
    if (!known.includes(name)) {
      throw malformed(name.slice(0, 100), `is not a parameter; known are ${known.join(", ") || "none"}`);
    }
    if (read[name] !== undefined) throw malformed(name, "stands twice");
    read[name] = value;
  }
  return read;
}

/** A whole number within bounds. @throws RollcallError `request-malformed` */
export function readNumber(name: string, value: string, min: number, max: number): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) throw malformed(name, `is not a whole number from ${min} to ${max}`);
  return number;
}

export function malformed(at: string, detail: string): RollcallError {
  return new RollcallError("request-malformed", { detail, ...(at !== "" && { at }) });
}

function join(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}
