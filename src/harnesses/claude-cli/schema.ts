import * as z from "zod";
import { parseDuration } from "../../core/time.ts";

const secret = z.union([
  z.string(),
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ command: z.tuple([z.string().min(1)], z.string()) }),
]);

const duration = z.string().transform((value, context) => {
  const span = parseDuration(value);
  if (span !== undefined && span > 0) return span;
  context.addIssue({ code: "custom", message: 'expected a duration, such as "10m"' });
  return z.NEVER;
});

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected a variable's name");

/** `harnesses.claude-cli`: everything has a default. */
export const claudeSchema = z.strictObject({
  command: z.string().min(1).default("claude").describe("A name on PATH, or a path."),
  args: z.array(z.string()).default([]).describe("More options of the program, for turns."),
  env: z
    .record(variable, secret)
    .default({})
    .describe("Variables for the program; a key that stands here pays."),
  inheritEnv: z
    .array(variable)
    .default([])
    .describe("Names of the gateway's own variables that the program may see, beside the harmless ones."),
  pool: z
    .strictObject({
      max: z.int().min(1).max(256).default(8).describe("Processes at once."),
      idle: duration.prefault("10m").describe("How long a process stays warm without work."),
    })
    .prefault({}),
});

export type ClaudeOptions = z.output<typeof claudeSchema>;
