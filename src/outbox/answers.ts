/**
 * Answers that couldn't be sent for long aren't sent in a flood when their channel is back: each chat gets one question,
 * and nothing is lost meanwhile. What nobody asks for ends after some days; the message still shows its reply.
 */
import { formatAddress, type Address } from "../core/address.ts";
import type { Duration } from "../core/time.ts";
import type { WaitingAnswers } from "../ports/outbox.ts";
import type { DispatcherDeps } from "./deps.ts";
import { publishEnds } from "./ends.ts";
import { OUTBOX } from "./limits.ts";
import { TEXTS } from "./texts.ts";

/** Holds the old answers of a chat and asks about them, in one step. False when there are none. */
export async function askFirst(deps: DispatcherDeps, to: Address, waited: Duration): Promise<boolean> {
  const now = deps.clock.now();
  const before = now - OUTBOX.fresh;
  const stale = await deps.store.staleAnswers(to, before);
  if (stale === null) return false;
  const id = deps.ids.delivery();
  const question = {
    id,
    key: `answers:${id}`,
    kind: "notice",
    address: to,
    body: { text: TEXTS.ask(stale, waited), format: "plain" },
    entry: null,
    turn: null,
    part: 0,
    createdAt: now,
  } as const;
  const held = await deps.store.holdAnswers(to, before, question, now);
  if (held === 0) return false;
  deps.log.info("outbox.asked", { to: formatAddress(to), answers: stale.answers, deliveries: held });
  return true;
}

/** Ends answers that nobody asked for in time. */
export async function expireAnswers(deps: DispatcherDeps): Promise<void> {
  const now = deps.clock.now();
  for (let deliveries: number = OUTBOX.sweepMost; deliveries === OUTBOX.sweepMost;) {
    const over = await deps.store.expireAnswers(now - OUTBOX.askFor, OUTBOX.sweepMost, now);
    deliveries = over.deliveries;
    if (deliveries > 0) deps.log.warn("outbox.answers_expired", { deliveries });
    publishEnds(deps, over.ended);
  }
}

/** What the people of a chat can do with its held answers. */
export function waitingAnswers(
  deps: Pick<DispatcherDeps, "store" | "clock" | "log" | "events">,
  reopened: (to: Address) => void,
): WaitingAnswers {
  return {
    waiting: (at) => deps.store.heldAnswers(at),
    async decide(at, word) {
      let answers = 0;
      for (let more = true; more;) {
        const decided = await deps.store.decideAnswers(at, word, deps.clock.now());
        publishEnds(deps, decided.ended);
        answers += decided.answers;
        more = decided.answers > 0;
      }
      if (answers > 0) deps.log.info("outbox.answers_decided", { to: formatAddress(at), answers, word });
      if (word === "send") reopened(at);
      return answers;
    },
  };
}
