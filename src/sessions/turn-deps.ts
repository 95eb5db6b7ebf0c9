import type { Entry } from "../core/entry.ts";
import type { Ids, SessionKey } from "../core/ids.ts";
import type { Instant } from "../core/time.ts";
import type { Alerts } from "../ports/alerts.ts";
import type { Availability } from "../ports/availability.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Guard } from "../ports/guard.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Outbox, ReplyTarget } from "../ports/outbox.ts";
import type { Random } from "../ports/random.ts";
import type { OutboxStore, ReadStore, TurnStore } from "../ports/store.ts";
import type { FetchedFile } from "./envelope.ts";

/** What lanes and turns work with. */
export interface TurnDeps {
  readonly store: TurnStore & Pick<OutboxStore, "addDelivery"> & Pick<ReadStore, "message">;
  readonly availability: Availability;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: Events;
  /** The operator's incidents: people are told their number, and that the operator knows only when that is so. */
  readonly alerts?: Pick<Alerts, "incidentOf" | "raise" | "resolve">;
  /** The primary's outage that a session was last told about. */
  readonly outagesTold: Map<SessionKey, Instant>;
  /** What of the work on a message happens in this process. */
  readonly guard: Guard;
  /** Fetches a message's attachments; a file that can't be had is reported in its place, never thrown. */
  readonly fetchFiles: (entry: Entry, signal: AbortSignal) => Promise<readonly FetchedFile[]>;
}

/** Where the answer to some entries goes: where the last one came from, unless it names another place. */
export function targetOf(entries: readonly [Entry, ...Entry[]]): ReplyTarget {
  const last = entries.at(-1) ?? entries[0];
  const { answerTo, platformId, chat } = last.body;
  if (answerTo !== undefined) return { address: answerTo, quote: null, chat: "direct" };
  return { address: last.address, quote: platformId ?? null, chat: chat.kind };
}

/** Tells watchers that entries changed their state. */
export function publishStates(
  deps: Pick<TurnDeps, "events">,
  entries: readonly Entry[],
  state: Entry["state"],
): void {
  for (const { id, address } of entries)
    deps.events.publish({ type: "message", id, conversation: address.conversation, state });
}
