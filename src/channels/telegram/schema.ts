import * as z from "zod";
import { parseSize } from "../../core/size.ts";

/** Bot API: a bot can download files up to 20 MB. */
const MEDIA_MAX = "20MiB";

const secret = z.union([
  z.string().min(1, "must not be empty"),
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ command: z.tuple([z.string().min(1)], z.string()) }),
]);

const NO_NAMES = "expected a number: an id, never a user name (see /whoami)";
const idOrAnyone = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((value) => value === "*" || /^-?\d{1,20}$/.test(value), `${NO_NAMES}, or "*"`);

const direct = z
  .strictObject({
    policy: z.enum(["pairing", "allowlist", "open", "off"]).default("pairing"),
    allow: z.array(idOrAnyone).default([]),
  })
  .refine((value) => value.policy === "open" || !value.allow.includes("*"), {
    path: ["allow"],
    message: '"*" is only allowed with policy "open"',
  });

/** A table whose keys are ids of one form. */
function byId<Value extends z.ZodType>(value: Value, form: RegExp, expected: string) {
  return z.record(z.string(), value).superRefine((table, context) => {
    for (const key of Object.keys(table)) {
      if (!form.test(key)) context.addIssue({ code: "custom", path: [key], message: expected });
    }
  });
}

const topics = byId(
  z.strictObject({ agent: z.string().min(1).optional() }),
  /^\d+$/,
  "expected a topic's id, a number",
);

const group = z.strictObject({
  agent: z.string().min(1).optional(),
  mention: z.boolean().default(true).describe("Whether the bot must be mentioned or answered to."),
  senders: z.array(idOrAnyone).default(["*"]),
  topics: topics.default({}),
});

const groups = byId(group, /^-\d{1,20}$/, "expected a group's id, a negative number");

const command = z.tuple([z.string().min(1)], z.string());

const media = z.strictObject({
  transcribe: z
    .strictObject({ command })
    .optional()
    .describe("Turns voice notes into text; gets the path as its last argument."),
  max: z
    .string()
    .default(MEDIA_MAX)
    .transform((value, context) => {
      const bytes = parseSize(value);
      if (bytes !== undefined && bytes > 0) return bytes;
      context.addIssue({ code: "custom", message: 'expected a size, such as "20MiB"' });
      return z.NEVER;
    }),
});

const apiRoot = z
  .string()
  .default("https://api.telegram.org")
  .transform((value) => value.replace(/\/+$/, ""))
  .refine((value) => /^https?:\/\/[^/?#]+[^?#]*$/.test(value), "expected an http(s) address");

/** One account of the Telegram channel: `channels.telegram.accounts.<name>`. */
export const telegramSchema = z.strictObject({
  token: secret.describe("The bot's token, as BotFather gave it."),
  apiRoot,
  direct: direct.prefault({}),
  groups: groups
    .default({})
    .describe("Groups that are served, by id; a group that isn't listed isn't served."),
  stream: z.enum(["auto", "off"]).default("auto").describe("Whether an answer is shown while it is written."),
  media: media.prefault({}),
});

export type TelegramOptions = z.output<typeof telegramSchema>;
