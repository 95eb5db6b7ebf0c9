/**
 * The door: channel → **inbox** → router → session lane → harness → outbox → channel.
 *
 * A batch of what a platform delivered is checked, decided about item by item, and stored with the platform's cursor
 * in one transaction. Only then does the channel confirm.
 *
 * Keeps: I1 (confirmed ⇒ accepted before, durably), I2 (one entry per key), I3 (everything below the cursor is
 * accepted, duplicate, ignored or refused), I18 (received = accepted + duplicate + ignored + refused).
 */
import { invariant } from "../core/assert.ts";
import { RollcallError } from "../core/errors.ts";
import type { Entry } from "../core/entry.ts";
import type { Accepted, Decided, InboundBatch, Intake } from "../ports/intake.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { InboxStore } from "../ports/store.ts";

export interface InboxDeps {
  readonly store: InboxStore;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Decides about one item; reads, but writes nothing. */
  readonly decide: (batch: InboundBatch, index: number) => Promise<Decided>;
  /** Called after the commit with what was accepted, in order. Must not throw. */
  readonly accepted: (entries: readonly Entry[]) => void;
  /** Called when refusals left something to say. Must not throw. */
  readonly noticed: () => void;
  /** So much was taken. */
  readonly took: (entries: number, bytes: number) => void;
  /** Whether new messages are taken: not while draining. */
  readonly open: () => boolean;
}

export function createInbox(deps: InboxDeps): Intake {
  return {
    async accept(batch) {
      if (!deps.open()) throw new RollcallError("draining");
      const all: Accepted[] = [];
      for (const part of partsOf(batch)) {
        const items = await Promise.all(part.items.map((_, index) => deps.decide(part, index)));
        const results = await deps.store.accept({ ...part, items });
        invariant("I3", results.length === items.length, `${items.length} items, ${results.length} outcomes`);
        announce(deps, part, items, results);
        all.push(...results);
      }
      return all;
    },
  };
}

/**
 * What comes after a move is decided on when the move is stored: the place's new id means nothing before. Otherwise a
 * batch is one part. The cursor goes with the last: until then the platform delivers all of it again.
 */
function partsOf(batch: InboundBatch): readonly InboundBatch[] {
  const last = batch.items.findLastIndex(({ kind }) => kind === "moved");
  if (last === -1 || last === batch.items.length - 1) return [batch];
  const { channel, account, items } = batch;
  return [
    { channel, account, items: items.slice(0, last + 1) },
    { ...batch, items: items.slice(last + 1) },
  ];
}

function announce(
  deps: InboxDeps,
  batch: InboundBatch,
  items: readonly Decided[],
  results: readonly Accepted[],
): void {
  const entries = results.flatMap((result) => (result.outcome === "accepted" ? [result.entry] : []));
  for (const entry of entries) {
    if (entry.state === "quarantined")
      deps.log.error("message.unreadable", { id: entry.id, session: entry.session });
    if (entry.body.canary !== true) deps.metrics.count("messages_accepted_total", { channel: batch.channel });
    deps.log.info("message.accepted", { id: entry.id, session: entry.session, kind: entry.kind });
  }
  for (const result of results) {
    if (result.outcome === "duplicate") deps.metrics.count("duplicates_suppressed_total");
    if (result.outcome === "refused")
      deps.log.info("message.refused", { channel: batch.channel, code: result.code });
  }
  if (items.some((item, index) => saysSomething(item, results[index]))) deps.noticed();
  if (entries.length === 0) return;
  deps.took(
    entries.length,
    entries.reduce((sum, { body }) => sum + Buffer.byteLength(body.text), 0),
  );
  deps.accepted(entries);
}

function saysSomething(item: Decided, result: Accepted | undefined): boolean {
  if (item.kind === "refused") return item.notice !== undefined;
  if (item.kind !== "entry") return false;
  return result?.outcome === "refused" || item.unreadable?.notice !== undefined;
}
