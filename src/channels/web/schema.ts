import { z } from "zod";

/** Options of a web account: there are none. */
export const webSchema = z.strictObject({});
export type WebOptions = z.infer<typeof webSchema>;
