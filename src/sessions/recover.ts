/**
 * What an earlier gateway left: every turn that was running when it ended. Its processes are ended first, so that no
 * session ever has two writers; then its messages go back to their lane, or ask, by `onInterrupted`.
 *
 * Keeps: I4 (what was accepted ends), I9 (one live harness tree per lane).
 */
import type { AgentConfig } from "../core/config.ts";
import { LIMITS } from "../core/limits.ts";
import type { Entry } from "../core/entry.ts";
import type { Turn } from "../core/turn.ts";
import type { Processes } from "../ports/process.ts";
import type { EntryMove } from "../ports/store.ts";
import { endNotice } from "./end-notice.ts";
import { fenceOf } from "./turn-work.ts";
import { TEXTS } from "./texts.ts";
import type { TurnDeps } from "./turn-deps.ts";

export interface RecoverDeps extends Pick<
  TurnDeps,
  "store" | "clock" | "ids" | "log" | "metrics" | "outbox"
> {
  readonly processes: Processes;
  readonly agent: (id: string) => AgentConfig | undefined;
}

interface Interrupted {
  readonly turn: Turn;
  readonly entries: readonly Entry[];
}

/** Puts every interrupted turn back, all in parallel. Returns how many there were, and what survived of their trees. */
export async function recoverTurns(
  deps: RecoverDeps,
): Promise<{ readonly turns: number; readonly survivors: number }> {
  const interrupted = await deps.store.interrupted();
  const survivors = await Promise.all(interrupted.map((one) => recoverTurn(deps, one)));
  return { turns: interrupted.length, survivors: survivors.reduce((sum, count) => sum + count, 0) };
}

async function recoverTurn(deps: RecoverDeps, { turn, entries }: Interrupted): Promise<number> {
  const { survivors } = turn.custody === null ? { survivors: 0 } : await deps.processes.reap(turn.custody);
  const [first, ...rest] = entries;
  if (first === undefined) return survivors;
  const prompted = turn.state === "prompted";
  const rule = prompted ? (deps.agent(turn.agent)?.onInterrupted ?? "resume") : "rerun";
  const exhausted = prompted && turn.failures + 1 >= LIMITS.turnAttempts;
  const to = exhausted ? "dead" : rule === "ask" ? "held" : "queued";
  const text = exhausted ? TEXTS.dead : rule === "ask" ? TEXTS.interruptedAsk(first.id) : null;
  const now = deps.clock.now();
  await deps.store.endTurn(fenceOf(turn), {
    moves: entries.map((entry) => recoveryMove(entry, to, now)),
    usesAttempt: prompted,
    deliveries:
      text === null
        ? []
        : [endNotice(deps.ids, turn, { entries: [first, ...rest], entry: first, text, at: now })],
    at: now,
  });
  if (to === "queued" && prompted) deps.metrics.count("turn_reruns_total");
  deps.log.warn("turn.recovered", { turn: turn.id, session: turn.session, to, prompted, survivors });
  return survivors;
}

function recoveryMove(entry: Entry, to: "queued" | "held" | "dead", now: number): EntryMove {
  return {
    id: entry.id,
    from: "running",
    attempt: entry.attempt,
    to,
    ...(to === "held" && { hold: { code: "turn-interrupted" as const, since: now, incident: null } }),
    ...(to === "queued" && { notBefore: now }),
    event: to === "dead" ? "dead" : "interrupted",
    data: { by: "restart" },
  };
}
