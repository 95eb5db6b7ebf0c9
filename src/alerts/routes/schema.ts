import * as z from "zod";
import { parseAddress } from "../../core/address.ts";

const text = z.string().min(1, "must not be empty");

/** A text that may be kept elsewhere: addresses of hooks and mail servers have passwords in them. */
const secret = z.union(
  [
    text,
    z.strictObject({ env: text }),
    z.strictObject({ file: text }),
    z.strictObject({ command: z.tuple([text], text) }),
  ],
  { error: 'expected a text, or a secret: {env: "NAME"}, {file: "path"} or {command: ["program"]}' },
);

const address = z
  .string()
  .refine(
    (value) => parseAddress(value) !== undefined,
    'expected an address, such as "telegram/default/12345"',
  );

/** A name that HTTP takes for a header. */
const headerName = z.string().regex(/^[!#$%&'*+\-.^_`|~\w]+$/, "expected the name of a header");

const mailbox = z
  .string()
  .regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, 'expected a mail address, such as "ops@example.org"');

/** `{ kind: "channel", to }` */
export const channelRouteSchema = z.strictObject({ to: address });

/** `{ kind: "webhook", url, headers }` */
export const webhookRouteSchema = z.strictObject({
  url: secret,
  headers: z.record(headerName, secret).default({}),
});

/** `{ kind: "email", smtp, to, from }` */
export const emailRouteSchema = z.strictObject({
  smtp: secret,
  to: z.union([mailbox, z.array(mailbox).min(1)], {
    error: 'expected a mail address, such as "ops@example.org"',
  }),
  from: mailbox.optional(),
});

/** `{ kind: "command", command, env }` */
export const commandRouteSchema = z.strictObject({
  command: z.tuple([text], z.string()),
  env: z.record(z.string().regex(/^\w+$/, "expected the name of a variable"), secret).default({}),
});

/** Options of a channel route, checked. */
export type ChannelRouteOptions = z.output<typeof channelRouteSchema>;
/** Options of a webhook, checked. */
export type WebhookRouteOptions = z.output<typeof webhookRouteSchema>;
/** Options of a mail route, checked. */
export type EmailRouteOptions = z.output<typeof emailRouteSchema>;
/** Options of a command route, checked. */
export type CommandRouteOptions = z.output<typeof commandRouteSchema>;
