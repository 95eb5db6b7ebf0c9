import { parseAddress } from "../core/address.ts";
import { ENTRY_STATES, type EntryState } from "../core/entry.ts";
import { RollcallError } from "../core/errors.ts";
import type { MessageId, SessionKey } from "../core/ids.ts";
import type { MessageFilter, StoredMessage } from "../ports/store.ts";
import { actorOf } from "./actor.ts";
import { json, type Answer } from "./answer.ts";
import { malformed, optionalText, readFields, readNumber, readQuery, requiredText } from "./fields.ts";
import { HTTP_LIMITS } from "./limits.ts";
import { deliveryJson, messageJson } from "./message-json.ts";
import { messageKey, readAddress } from "./parse-message.ts";
import { param, type Call, type Context } from "./router.ts";
import { checkAddress, checkAgent, refuseWhenClosed, WEB } from "./send-message.ts";
import { LIMITS } from "../core/limits.ts";

/** `GET /api/v1/messages`: newest first, in pages. */
export async function listMessages(context: Context, call: Call): Promise<Answer> {
  const filter = readFilter(call.query);
  // One more than asked for tells whether there is a next page.
  const found = await context.deps.store.messages({ ...filter, limit: filter.limit + 1 });
  const page = found.slice(0, filter.limit);
  const last = page.at(-1);
  const more = found.length > filter.limit && last !== undefined;
  return json(200, {
    messages: page.map((stored) => messageJson(stored, false)),
    cursor: more ? writeCursor(last.entry.seq) : null,
  });
}

function readFilter(query: URLSearchParams): MessageFilter {
  const given = readQuery(query, ["state", "limit", "cursor", "conversation", "session"]);
  const conversation = given["conversation"];
  return {
    limit:
      given["limit"] === undefined
        ? HTTP_LIMITS.listDefault
        : readNumber("limit", given["limit"], 1, HTTP_LIMITS.list),
    ...(given["state"] !== undefined && { states: readStates(given["state"]) }),
    ...(given["cursor"] !== undefined && { before: readCursor(given["cursor"]) }),
    ...(given["session"] !== undefined && { session: given["session"] as SessionKey }),
    ...(conversation !== undefined && { conversation: conversationOf(conversation) }),
  };
}

/** A bare name is a conversation of the web; anything with slashes is an address. */
export function conversationOf(text: string): NonNullable<MessageFilter["conversation"]> {
  if (!text.includes("/")) return { ...WEB, conversation: text };
  const address = parseAddress(text);
  if (address === undefined) throw malformed("conversation", "is neither a name nor an address");
  return { channel: address.channel, account: address.account, conversation: address.conversation };
}

function readStates(text: string): readonly EntryState[] {
  return text.split(",").map((state) => {
    const known = ENTRY_STATES.find((one) => one === state);
    if (known === undefined)
      throw malformed("state", `has an unknown state; known are ${ENTRY_STATES.join(", ")}`);
    return known;
  });
}

/** Cursors are opaque to clients, so that what they hold may change. */
function writeCursor(seq: number): string {
  return Buffer.from(`seq:${seq}`).toString("base64url");
}

/** @throws RollcallError `request-malformed` */
function readCursor(cursor: string): number {
  const seq = /^seq:(\d{1,15})$/.exec(Buffer.from(cursor, "base64url").toString("latin1"))?.[1];
  if (seq === undefined) throw malformed("cursor", "is not one that a list gave");
  return Number(seq);
}

/** `GET /api/v1/messages/:id`: with its whole life. */
export async function showMessage(context: Context, call: Call): Promise<Answer> {
  return json(200, { message: messageJson(await load(context, messageId(call)), true) });
}

/** `POST /api/v1/messages/:id/retry` */
export async function retryMessage(context: Context, call: Call): Promise<Answer> {
  readFields(await call.body(), []);
  const { id } = await context.deps.operate.retry(messageId(call), actorOf(call.caller));
  return json(200, { message: messageJson(await load(context, id), false) });
}

/** `POST /api/v1/messages/:id/cancel` */
export async function cancelMessage(context: Context, call: Call): Promise<Answer> {
  readFields(await call.body(), []);
  const { id } = await context.deps.operate.cancel(messageId(call), actorOf(call.caller));
  return json(200, { message: messageJson(await load(context, id), false) });
}

/** `POST /api/v1/messages/:id/release`: lets one held message go. */
export async function releaseMessage(context: Context, call: Call): Promise<Answer> {
  readFields(await call.body(), []);
  const { id } = await context.deps.operate.release(messageId(call), actorOf(call.caller));
  return json(200, { message: messageJson(await load(context, id), false) });
}

/** `POST /api/v1/messages/release`: lets everything go that is held, for one agent or for all. */
export async function releaseHeld(context: Context, call: Call): Promise<Answer> {
  const fields = readFields(await call.body(), ["held", "agent"]);
  if (fields["held"] !== true) throw malformed("held", "must be true");
  const agent = optionalText(fields, "agent", { max: HTTP_LIMITS.nameUnits }) ?? null;
  checkAgent(context, agent);
  const released = await context.deps.operate.releaseHeld(agent, actorOf(call.caller));
  return json(200, { released: released.length, messages: released.map(({ id }) => id) });
}

/** `POST /api/v1/notify`: plain text to a chat, without an agent. */
export async function notify(context: Context, call: Call): Promise<Answer> {
  refuseWhenClosed(context);
  const fields = readFields(await call.body(), ["to", "text", "id"]);
  const to = readAddress(requiredText(fields, "to", { max: HTTP_LIMITS.addressUnits }), "to");
  const text = requiredText(fields, "text", { max: LIMITS.textUnits, lines: true });
  const id = optionalText(fields, "id", { max: HTTP_LIMITS.clientIdUnits });
  checkAddress(context, to, "to");
  const key = id === undefined ? null : `notify:${messageKey(call.caller.id, "", id)}`;
  const delivery = await context.deps.operate.notify(to, text, key);
  return json(202, { delivery: deliveryJson(delivery) });
}

async function load(context: Context, id: MessageId): Promise<StoredMessage> {
  const stored = await context.deps.store.message(id);
  if (stored === null) throw new RollcallError("no-such-id", { at: "id" });
  return stored;
}

function messageId(call: Call): MessageId {
  return param(call, "id") as MessageId;
}
