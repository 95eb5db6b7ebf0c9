import type * as z from "zod";
import { RollcallError } from "../core/errors.ts";
import type { PluginSchema, StandardSchema } from "../ports/plugin.ts";
import type { SectionSchema } from "../ports/section.ts";

/** A plugin's schema as the configuration's own code reads it. Nothing is loaded before a section is checked. */
export function sectionSchema<Options>(schema: PluginSchema<Options> | undefined): SectionSchema<Options> {
  return async () => {
    const zod = await import("zod");
    if (schema === undefined) return zod.strictObject({}) as unknown as z.ZodType<Options>;
    if (!("~standard" in schema)) return schema(zod);
    return isZod(schema) ? schema : adapt(zod, schema);
  };
}

/** Of any copy of Zod 4: what its objects have. Its own checks know unknown keys, and what was meant by them. */
function isZod<Options>(
  schema: StandardSchema<Options>,
): schema is StandardSchema<Options> & z.ZodType<Options> {
  return "_zod" in schema && "safeParse" in schema;
}

function adapt<Options>(zod: typeof z, schema: StandardSchema<Options>): z.ZodType<Options> {
  return zod.unknown().transform((value, context): Options => {
    const result = schema["~standard"].validate(value);
    if (result instanceof Promise) {
      throw new RollcallError("plugin-failed", {
        detail: "its schema answers later; it must answer at once",
      });
    }
    if (result.issues === undefined) return result.value;
    for (const { message, path = [] } of result.issues) {
      const keys = path.map((part) => (typeof part === "object" ? part.key : part));
      context.addIssue({ code: "custom", message, path: keys });
    }
    return zod.NEVER;
  });
}
