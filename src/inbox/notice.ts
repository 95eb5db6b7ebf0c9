import type { NewDelivery } from "../core/delivery.ts";
import type { Ids, SessionKey } from "../core/ids.ts";
import { MINUTE } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { InboundMessage } from "../ports/intake.ts";

export interface NoticeDeps {
  readonly ids: Ids;
  readonly clock: Clock;
}

/** What of a message a notice about it depends on. */
export type Noticed = Pick<InboundMessage, "address" | "dedupeKey" | "role"> & {
  readonly body: Pick<InboundMessage["body"], "platformId">;
};

/** What a sender is told at the door, once per message. A caller of the API reads it in the answer instead. */
export function noticeOf(deps: NoticeDeps, item: Noticed, text: string): { readonly notice?: NewDelivery } {
  if (item.role === "operator") return {};
  return { notice: build(deps, item, text, item.dedupeKey) };
}

/** Refusals of one conversation are told once in so long: a flood isn't answered by another one. */
const TOLD_EVERY = 10 * MINUTE;

/** What a sender is told of whose conversation too many messages wait already. */
export function tooMany(
  deps: NoticeDeps,
  item: Noticed,
  session: SessionKey,
): { readonly full?: NewDelivery } {
  if (item.role === "operator") return {};
  const window = Math.floor(deps.clock.now() / TOLD_EVERY);
  return { full: build(deps, item, FULL, `full:${session}:${window}`) };
}

const FULL =
  "Too many of your messages wait for an answer already, so this one was not taken. Send it again when some are answered.";

function build(deps: NoticeDeps, item: Noticed, text: string, key: string): NewDelivery {
  const { address, body } = item;
  return {
    id: deps.ids.delivery(),
    key: `notice:${address.channel}/${address.account}:${key}`,
    kind: "notice",
    address,
    body: {
      text,
      format: "plain",
      ...(body.platformId !== undefined && { quote: body.platformId }),
    },
    entry: null,
    turn: null,
    part: 0,
    createdAt: deps.clock.now(),
  };
}
