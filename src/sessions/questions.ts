import type { AgentConfig } from "../core/config.ts";
import type { Entry } from "../core/entry.ts";
import type { SessionKey } from "../core/ids.ts";
import { HOUR, type Duration } from "../core/time.ts";
import type { HoldAges } from "./hold-ages.ts";
import { endHold, noticeTo } from "./hold-notices.ts";
import { TEXTS } from "./texts.ts";
import { publishStates, type TurnDeps } from "./turn-deps.ts";

/** Longest hold of an agent that is no longer configured. */
export const ORPHAN_MAX: Duration = 24 * HOUR;

/** Whether a message waits for a person's word, and not for an agent. */
export function isAsked({ hold }: Entry): boolean {
  return hold?.code === "hold-stale" || hold?.code === "turn-interrupted";
}

/**
 * The messages whose senders are asked before they run, because one of them was held for longer than `askAfter`: with
 * it everything that was held beside it, since what was said after it may build on it. Pure but for the clock.
 */
export function staleOf(waiting: readonly Entry[], agent: AgentConfig, ages: HoldAges): readonly Entry[] {
  const held = waiting.filter(({ state }) => state === "held");
  return held.some((entry) => ages.of(entry) >= agent.hold.askAfter) ? held : [];
}

/**
 * Asks the senders of stale messages, who answer by chat command. Callers of the API aren't asked: they see the state,
 * and release or cancel the message.
 */
export async function askStale(deps: TurnDeps, stale: readonly Entry[], ages: HoldAges): Promise<void> {
  const now = deps.clock.now();
  const asked = stale.filter(({ role }) => role !== "operator");
  const items = asked.map((entry) => ({ id: entry.id, at: entry.acceptedAt, waited: ages.of(entry) }));
  const last = asked.at(-1);
  const moves = stale.map(({ id, attempt, hold }) => ({
    id,
    from: "held" as const,
    attempt,
    to: "held" as const,
    hold: { code: "hold-stale" as const, since: now, incident: hold?.incident ?? null },
    event: "asked",
    data: { code: "hold-stale" },
  }));
  const notice =
    last === undefined ? [] : [noticeTo(deps, last, TEXTS.staleAsk(items), `stale:${last.id}:${now}`)];
  if (!(await deps.store.move(moves, notice, now))) return;
  for (const { id, hold } of moves) ages.of({ id, hold });
  deps.log.info("message.asked", { ids: stale.map(({ id }) => id), code: "hold-stale" });
  publishStates(deps, stale, "held");
  deps.outbox.wake();
}

/** Ends questions that nobody answered within `hold.max`. */
export interface Questions {
  /** @param asked the session's messages that wait for a word */
  watch(session: SessionKey, asked: readonly Entry[], agent: AgentConfig | undefined): Promise<void>;
  close(): void;
}

export function createQuestions(
  deps: TurnDeps,
  ages: HoldAges,
  wake: (session: SessionKey) => void,
): Questions {
  const timers = new Map<SessionKey, () => void>();
  return {
    async watch(session, asked, agent) {
      timers.get(session)?.();
      timers.delete(session);
      if (asked.length === 0) return;
      const max = agent?.hold.max ?? ORPHAN_MAX;
      const over = asked.filter((entry) => ages.of(entry) >= max);
      if (over.length > 0) await endHold(deps, over, TEXTS.unanswered(max), "unanswered");
      const left = asked.filter((entry) => !over.includes(entry)).map((entry) => max - ages.of(entry));
      if (left.length > 0)
        timers.set(
          session,
          deps.clock.timer(Math.min(...left), () => wake(session)),
        );
    },
    close() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}
