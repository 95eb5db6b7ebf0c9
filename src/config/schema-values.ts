import { isIP } from "node:net";
import * as z from "zod";
import { parseAddress } from "../core/address.ts";
import { parseModelRef } from "../core/model-ref.ts";
import { parseDuration, SECOND } from "../core/time.ts";
import { CONFIG_LIMITS } from "./limits.ts";

// The values that keys take, each with its own words for what it expects.

export const text = z.string().min(1, "must not be empty");

/** A span of time with a unit. `max` is what a timer can wait for, unless the span is only compared. */
export function duration(about: string, bounds: { readonly min?: number; readonly max?: number } = {}) {
  const { min = 0, max = CONFIG_LIMITS.timer } = bounds;
  return z
    .string()
    .transform((value, context) => {
      const span = parseDuration(value);
      if (span !== undefined && span >= min && span <= max) return span;
      context.addIssue({
        code: "custom",
        message: span === undefined ? NO_DURATION : outside(span < min, min, max),
      });
      return z.NEVER;
    })
    .describe(`${about} A number with a unit: ms, s, m, h or d.`)
    .optional();
}

const NO_DURATION = 'expected a duration: a number with a unit, such as "250ms", "15s", "30m", "24h" or "7d"';

function outside(below: boolean, min: number, max: number): string {
  if (below) return min <= 1 ? "must be longer than nothing" : `must be at least ${min}ms`;
  return `must be at most ${Math.floor(max / (24 * 3600 * SECOND))}d`;
}

/** An id that stands left of a slash, in addresses and in session keys. */
export const name = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u,
    "expected a name: letters, digits, dots, dashes and underscores, at most 64",
  );

export const modelRef = z
  .string()
  .refine(
    (value) => parseModelRef(value) !== undefined,
    'expected a model reference HARNESS/MODEL, such as "claude-cli/default"',
  );

export const address = z
  .string()
  .refine(
    (value) => parseAddress(value) !== undefined,
    'expected an address, such as "telegram/default/12345"',
  );

export const approver = z
  .string()
  .refine(
    (value) => value === "owner" || parseAddress(value) !== undefined,
    'expected "owner" or an address, such as "telegram/default/12345"',
  );

export const pattern = z
  .string()
  .refine(isPattern, 'expected an address whose parts may be *, such as "telegram/default/*"');

function isPattern(value: string): boolean {
  const parts = value.split("/");
  const filled = [...parts, "*", "*"].slice(0, Math.max(3, parts.length));
  return parseAddress(filled.join("/")) !== undefined;
}

export function url(protocols: readonly string[], example: string) {
  return z
    .string()
    .refine(
      (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
      `expected an address such as "${example}"`,
    );
}

export const network = z.string().refine((value) => {
  const [ip = "", bits, more] = value.split("/");
  const family = isIP(ip);
  if (family === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}, 'expected an IP address or a network, such as "10.0.0.0/8"');

export const secret = z
  .union(
    [
      text,
      z.strictObject({ env: text.describe("Name of an environment variable.") }),
      z.strictObject({
        file: text.describe("A file that holds nothing else; relative to the configuration."),
      }),
      z.strictObject({
        command: z.tuple([text], text).describe("A program and its arguments; what it writes is the secret."),
      }),
    ],
    { error: 'expected a secret: {env: "NAME"}, {file: "path"} or {command: ["program", "argument"]}' },
  )
  .describe("A secret: by environment variable, file or command; a literal works too.");
