import type { Address } from "../../core/address.ts";
import type { DeliveryBody } from "../../core/delivery.ts";
import { SECOND, type Duration } from "../../core/time.ts";
import type { SendOutcome, SendRequest } from "../../ports/channel.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import {
  describeFault,
  type ApiFault,
  type ApiResult,
  type ApiSignal,
  type RawApi,
  type TelegramApi,
} from "./api.ts";
import { outgoing, REPEAT_MARK, tailOf, withoutSecret } from "./outgoing.ts";
import type { Pace, PaceKind } from "./pace.ts";
import { remedied, sendCall, textOf, type Target } from "./send-call.ts";
import { isUnchanged, outcomeOf } from "./send-outcome.ts";

/** Longest wait for a place within one try; beyond it the outbox waits, and serves others meanwhile. */
const LONGEST_PACE = 3 * SECOND;
/** Within this time of the placeholder a group's answer takes its place; later nobody would see it up there. */
const EDIT_WINDOW = 20 * SECOND;
const EDIT_DEADLINE = 20 * SECOND;
/** Short: the answer is there, and its receipt waits for this. */
const DELETE_DEADLINE = 5 * SECOND;
/** Calls of one try: the first, and one for each remedy. */
const MOST_CALLS = 5;

export interface SenderDeps {
  readonly api: TelegramApi;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly log: Log;
  /** The bot's token: taken out of whatever is sent. */
  readonly token: string;
  /** A group got a new id. */
  readonly moved: (from: Address, to: Address) => void;
  /** The platform doesn't know the token any more: nothing is received, either. */
  readonly tokenRefused: (detail: string) => void;
}

export interface Sender {
  send(request: SendRequest, signal: AbortSignal): Promise<SendOutcome>;
  edit(address: Address, platformId: string, text: string, signal: AbortSignal): Promise<SendOutcome>;
}

type Run = (raw: RawApi, target: Target, signal: ApiSignal) => Promise<number>;

/**
 * Sends to Telegram. One delivery is one message. A private chat always gets a new message, which notifies; in a group
 * a quick answer takes its placeholder's place. Only an edit can be repeated without a mark.
 */
export function createSender(deps: SenderDeps): Sender {
  const doubtful = createDoubtful();
  return {
    async send(request, signal) {
      const { delivery, replaces } = request;
      const kind = delivery.kind === "progress" ? "extra" : "send";
      const paced = await place(deps, delivery.address.conversation, kind, signal);
      if (paced !== undefined) return paced;
      const said = withoutSecret(delivery.body.text, deps.token);
      const body = { ...delivery.body, text: kind === "extra" ? tailOf(said) : said };
      if (replaces !== null && takesPlace(request) && !doubtful.has(delivery.address, replaces.platformId)) {
        const edited = await editInto(deps, delivery.address, replaces.platformId, body, signal);
        if (edited !== undefined) return edited;
      }
      const sent = await sendNew(deps, request, body, signal);
      if (sent.kind === "sent" && replaces !== null)
        await remove(deps, delivery.address, replaces.platformId, signal);
      return sent;
    },
    async edit(address, platformId, text, signal) {
      const after = deps.pace.take(address.conversation, "extra", deps.clock.monotonic());
      if (after > 0) return { kind: "wait", after, scope: "chat" };
      const body = { text: tailOf(withoutSecret(text, deps.token)), format: "markdown" } as const;
      const gone: SendOutcome = { kind: "refused", detail: "the message is gone" };
      const edited = (await editInto(deps, address, platformId, body, signal)) ?? gone;
      if (edited.kind === "in-doubt") doubtful.add(address, platformId);
      return edited;
    },
  };
}

/** Messages that an edit may still reach, whatever came after it. */
interface Doubtful {
  add(address: Address, platformId: string): void;
  has(address: Address, platformId: string): boolean;
}

const MOST_DOUBTFUL = 1000;

function createDoubtful(): Doubtful {
  const keys = new Set<string>();
  const keyOf = (address: Address, platformId: string): string => `${address.conversation}/${platformId}`;
  return {
    add(address, platformId) {
      keys.add(keyOf(address, platformId));
      const [oldest] = keys;
      if (keys.size > MOST_DOUBTFUL && oldest !== undefined) keys.delete(oldest);
    },
    has: (address, platformId) => keys.has(keyOf(address, platformId)),
  };
}

/** Waits a little for a place within the platform's limits. Undefined when there is one. */
async function place(
  deps: SenderDeps,
  chat: string,
  kind: PaceKind,
  signal: AbortSignal,
): Promise<SendOutcome | undefined> {
  const until = deps.clock.monotonic() + LONGEST_PACE;
  while (!signal.aborted) {
    const now = deps.clock.monotonic();
    const after = deps.pace.take(chat, kind, now);
    if (after === 0) return undefined;
    if (kind === "extra" || now + after > until) return { kind: "wait", after, scope: "chat" };
    await deps.clock.sleep(after, signal);
  }
  return { kind: "not-sent", detail: "stopped before sending" };
}

/**
 * Whether an answer is written into its placeholder. Decided by the times of the two, not by now, so that a repeat
 * decides the same. Not after an edit in doubt: it could still land on top of the answer.
 */
function takesPlace({ delivery, replaces }: SendRequest): boolean {
  if (replaces === null || replaces.editInDoubt || delivery.body.file !== undefined) return false;
  const age = delivery.createdAt - replaces.sentAt;
  return delivery.address.conversation.startsWith("-") && age <= EDIT_WINDOW;
}

/** Undefined when there is nothing to edit, or the text doesn't fit: then it has to be sent anew. */
async function editInto(
  deps: SenderDeps,
  address: Address,
  platformId: string,
  body: DeliveryBody,
  signal: AbortSignal,
): Promise<SendOutcome | undefined> {
  const message = outgoing(body.text, body.format);
  const result = await calls(
    deps,
    address,
    targetOf(address, body),
    EDIT_DEADLINE,
    signal,
    async (raw, target, s) => {
      const at = { chat_id: target.chat, message_id: Number(platformId) };
      await raw.editMessageText({ ...at, ...textOf(message, target.plain) }, s);
      return at.message_id;
    },
  );
  if (result.ok || isUnchanged(result.fault)) return { kind: "sent", platformId };
  if (result.fault.kind === "answered" && result.fault.code === 400) return undefined;
  return faulted(deps, address, result.fault);
}

async function sendNew(
  deps: SenderDeps,
  request: SendRequest,
  body: DeliveryBody,
  signal: AbortSignal,
): Promise<SendOutcome> {
  const { address } = request.delivery;
  const message = outgoing(body.text, body.format, request.repeat ? REPEAT_MARK : "");
  const call = await sendCall(body, message);
  if (typeof call === "string") return { kind: "refused", detail: call };
  const result = await calls(deps, address, targetOf(address, body), call.deadline, signal, call.run);
  if (result.ok) return { kind: "sent", platformId: String(result.value) };
  return faulted(deps, address, result.fault);
}

function targetOf(address: Address, body: DeliveryBody): Target {
  return {
    chat: address.conversation,
    thread: address.thread === undefined ? null : Number(address.thread),
    quote: body.quote === undefined ? null : Number(body.quote),
    silent: body.silent === true,
    plain: false,
    document: false,
  };
}

function faulted(deps: SenderDeps, { conversation }: Address, fault: ApiFault): SendOutcome {
  if (fault.kind === "answered" && fault.code === 401) deps.tokenRefused(describeFault(fault));
  return outcomeOf(fault, (after) => deps.pace.refused(conversation, after, deps.clock.monotonic()));
}

/** Calls until it works or nothing helps; all calls together within the deadline. */
async function calls(
  deps: SenderDeps,
  address: Address,
  first: Target,
  deadline: Duration,
  signal: AbortSignal,
  run: Run,
): Promise<ApiResult<number>> {
  const end = deps.clock.monotonic() + deadline;
  let target: Target | undefined = first;
  let result: ApiResult<number> = { ok: false, fault: { kind: "unreached", detail: "not tried" } };
  for (let i = 0; i < MOST_CALLS && target !== undefined; i++) {
    const now: Target = target;
    const left = Math.max(SECOND, end - deps.clock.monotonic());
    result = await deps.api.call(left, signal, (raw, s) => run(raw, now, s));
    if (result.ok) return result;
    target = remedied(now, result.fault);
    if (target !== undefined && target.chat !== now.chat) {
      deps.moved(address, { ...address, conversation: target.chat });
    }
  }
  return result;
}

/** Takes the placeholder away, best effort: the answer is there in any case. */
async function remove(
  deps: SenderDeps,
  address: Address,
  platformId: string,
  signal: AbortSignal,
): Promise<void> {
  const at = { chat_id: address.conversation, message_id: Number(platformId) };
  const result = await deps.api.call(DELETE_DEADLINE, signal, (raw, s) => raw.deleteMessage(at, s));
  if (!result.ok) deps.log.debug("telegram.placeholder_left", { detail: describeFault(result.fault) });
}
