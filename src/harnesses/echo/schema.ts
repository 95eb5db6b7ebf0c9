import * as z from "zod";
import { parseDuration } from "../../core/time.ts";

/** `harnesses.echo`: everything has a default. */
export const echoSchema = z.strictObject({
  delay: z
    .string()
    .default("0ms")
    .transform((value, context) => {
      const span = parseDuration(value);
      if (span !== undefined) return span;
      context.addIssue({ code: "custom", message: 'expected a duration, such as "50ms"' });
      return z.NEVER;
    })
    .describe("Time between two words, to see an answer being written."),
  fail: z
    .enum(["structural", "wait", "refused", "protocol", "failed"])
    .optional()
    .describe("Fails every turn in this way, to see what people are told."),
});

export type EchoOptions = z.output<typeof echoSchema>;
