import { readFile } from "node:fs/promises";
import type { Address } from "../core/address.ts";
import { sameAddress } from "../core/address.ts";
import type { Entry } from "../core/entry.ts";
import { codeOf, RollcallError } from "../core/errors.ts";
import type { MessageId } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Attachment } from "../core/message.ts";
import type { StoredMessage } from "../ports/store.ts";
import type { Accepted } from "../ports/intake.ts";
import { json, type Answer } from "./answer.ts";
import type { Caller } from "./auth.ts";
import { readNumber, readQuery } from "./fields.ts";
import { HTTP_LIMITS } from "./limits.ts";
import { messageJson } from "./message-json.ts";
import {
  messageKey,
  parseMessageRequest,
  type MessageRequest,
  type RequestAttachment,
} from "./parse-message.ts";
import type { Call, Context } from "./router.ts";
import { isEnded, waitForEnd } from "./wait-for-end.ts";

/** The channel that API and page are. */
export const WEB = { channel: "web", account: "default" } as const;

/** `POST /api/v1/messages`: accepted durably, then 202; with `?wait=` the answer, if it comes in time. */
export async function sendMessage(context: Context, call: Call): Promise<Answer> {
  const { deps } = context;
  const wait = readWait(call);
  refuseWhenClosed(context);
  const request = parseMessageRequest(await call.body(LIMITS.requestBytes));
  checkAgent(context, request.agent);
  if (request.to !== null) checkAddress(context, request.to, "to");
  const { id, fresh } = await acceptOnce(context, call.caller, request);
  const stored =
    wait > 0
      ? await waitForEnd(deps, id, wait * 1000, call.signal)
      : fresh === null
        ? await deps.store.message(id)
        : storedAs(fresh);
  if (stored === null)
    throw new RollcallError("bug", { detail: `message ${id} was accepted and isn't there` });
  const status = wait > 0 && isEnded(stored.entry.state) ? 200 : 202;
  return json(status, { message: messageJson(stored, false) }, { location: `/api/v1/messages/${id}` });
}

function readWait(call: Call): number {
  const { wait } = readQuery(call.query, ["wait"]);
  if (wait === undefined) return 0;
  return readNumber("wait", wait.replace(/s$/, ""), 1, HTTP_LIMITS.waitSeconds);
}

/** Before anything of a request is read or kept: what can't be accepted leaves nothing behind. */
export function refuseWhenClosed({ deps }: Context): void {
  const why = deps.intake.closed?.() ?? null;
  if (why !== null) throw new RollcallError(why.code, { detail: why.detail });
}

/** @throws RollcallError `agent-unknown` */
export function checkAgent(context: Context, agent: string | null): void {
  const { agents } = context.deps.roster.current();
  if (agent !== null && !agents.has(agent)) throw new RollcallError("agent-unknown", { at: "agent" });
}

/** Whether an address is on a channel account that is configured. @throws RollcallError `address-unknown` */
export function checkAddress(context: Context, address: Address, at: string): void {
  const { channel, account } = address;
  const known =
    (channel === WEB.channel && account === WEB.account) ||
    context.deps.status.report().channels.some((one) => one.channel === channel && one.account === account);
  if (!known)
    throw new RollcallError("address-unknown", { at, detail: `${channel}/${account} is not configured` });
}

/** As it was accepted just now: nothing has become of it yet. */
function storedAs(entry: Entry): StoredMessage {
  return { entry, turn: null, reply: null, deliveries: [], history: [] };
}

/** Accepts a message, or finds the one that came under the same id before: then it isn't fresh. */
async function acceptOnce(
  context: Context,
  caller: Caller,
  request: MessageRequest,
): Promise<{ readonly id: MessageId; readonly fresh: Entry | null }> {
  const { store } = context.deps;
  const address = { ...WEB, conversation: request.conversation };
  const dedupeKey =
    request.id === null ? ownKey(context) : messageKey(caller.id, request.conversation, request.id);
  // Looked for before its files are stored: a client that tries again would leave copies of them.
  const earlier = request.id === null ? null : await store.findByKey(WEB.channel, WEB.account, dedupeKey);
  if (earlier !== null) return { id: await repeated(context, earlier, request), fresh: null };

  const result = await accept(context, caller, request, { address, dedupeKey });
  switch (result.outcome) {
    case "accepted":
      return { id: result.entry.id, fresh: result.entry };
    case "duplicate": {
      const first = await store.message(result.id);
      if (first === null)
        throw new RollcallError("client-id-conflict", {
          at: "id",
          detail: "the message that came under this id was cleared away",
        });
      return { id: await sameOrConflict(context, first.entry, request), fresh: null };
    }
    case "refused":
      throw new RollcallError(result.code);
    case "ignored":
      throw new RollcallError("bug", { detail: "a message of the API was ignored" });
  }
}

/** Of a message without an id. By its time first: neighbours in time are neighbours in the store's index, too. */
function ownKey({ deps }: Context): string {
  return `${deps.clock.now().toString(36)}-${deps.random.uuid()}`;
}

async function accept(
  context: Context,
  caller: Caller,
  request: MessageRequest,
  as: { readonly address: Address; readonly dedupeKey: string },
): Promise<Accepted> {
  const { deps } = context;
  const attachments = await storeFiles(context, request.attachments);
  const [result] = await deps.intake.accept({
    ...WEB,
    items: [
      {
        kind: "message",
        ...as,
        sender: { id: caller.id, name: caller.name },
        role: "operator",
        addressed: true,
        ...(request.agent !== null && { agent: request.agent }),
        ...(request.id !== null && { clientId: request.id }),
        body: {
          text: request.text,
          attachments,
          chat: { kind: "direct" },
          sentAt: deps.clock.now(),
          ...(request.to !== null && { answerTo: request.to }),
        },
      },
    ],
  });
  if (result === undefined) throw new RollcallError("bug", { detail: "the intake returned nothing" });
  return result;
}

async function storeFiles(
  context: Context,
  attachments: readonly RequestAttachment[],
): Promise<readonly Attachment[]> {
  const stored: Attachment[] = [];
  for (const { kind, name, mime, data } of attachments) {
    const key = await context.deps.blobs.put(name, data);
    stored.push({ kind, name, mime, bytes: data.byteLength, source: { kind: "blob", key } });
  }
  return stored;
}

/** A client that tried again: what it sent isn't run again. @throws RollcallError `client-id-conflict` */
async function repeated(context: Context, first: Entry, request: MessageRequest): Promise<MessageId> {
  const id = await sameOrConflict(context, first, request);
  context.deps.metrics.count("duplicates_suppressed_total");
  return id;
}

/** @throws RollcallError `client-id-conflict` */
async function sameOrConflict(context: Context, first: Entry, request: MessageRequest): Promise<MessageId> {
  const { answerTo, text, attachments } = first.body;
  const sameTo =
    request.to === null
      ? answerTo === undefined
      : answerTo !== undefined && sameAddress(request.to, answerTo);
  const sameAgent = request.agent === null || request.agent === first.agent;
  const same =
    sameTo &&
    sameAgent &&
    text === request.text &&
    (await sameFiles(context, attachments, request.attachments));
  if (!same) throw new RollcallError("client-id-conflict", { at: "id" });
  return first.id;
}

async function sameFiles(
  context: Context,
  stored: readonly Attachment[],
  sent: readonly RequestAttachment[],
): Promise<boolean> {
  if (stored.length !== sent.length) return false;
  for (const [index, attachment] of stored.entries()) {
    const other = sent[index];
    if (other === undefined || attachment.name !== other.name || attachment.mime !== other.mime) return false;
    if (attachment.bytes !== other.data.byteLength) return false;
    const kept = await readKept(context, attachment);
    if (kept !== null && !kept.equals(other.data)) return false;
  }
  return true;
}

/** The file as it was stored; null when it has been cleared away since. */
async function readKept(context: Context, attachment: Attachment): Promise<Buffer | null> {
  if (attachment.source.kind !== "blob") return null;
  try {
    return await readFile(context.deps.blobs.path(attachment.source.key));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
