import { backoffDelay } from "../core/backoff.ts";
import type { AgentConfig } from "../core/config.ts";
import type { Entry, Hold } from "../core/entry.ts";
import { decideFailure, type Failure, type NextStep } from "../core/failure.ts";
import { BACKOFF, LIMITS } from "../core/limits.ts";
import { MINUTE, type Instant } from "../core/time.ts";
import type { Turn } from "../core/turn.ts";
import type { EntryMove } from "../ports/store.ts";
import { replyDeliveries } from "./answer.ts";
import { deadlineText, refusedText, TEXTS } from "./texts.ts";
import { endNotice, mustTell } from "./end-notice.ts";
import { publishStates, type TurnDeps } from "./turn-deps.ts";
import { fenceOf, lastEntry, type StopReason, type TurnWork } from "./turn-work.ts";

/** Where the entries of a failed turn go, and what their senders read. */
export interface Settlement {
  readonly to: "queued" | "held" | "cancelled" | "dead" | "answered";
  readonly usesAttempt: boolean;
  /** Nothing was begun, or what was begun isn't gone on with. */
  readonly forget: boolean;
  readonly text: string | null;
  /** For `queued`: not before; for `held` by a limit: its end. */
  readonly at: Instant;
  readonly event: string;
}

export interface FailureFacts {
  readonly failure: Failure;
  /** This attempt had shown text or started a tool. */
  readonly started: boolean;
  /** This attempt or an earlier one of the turn had; `started` when absent. */
  readonly begun?: boolean;
  readonly turn: Turn;
  readonly agent: AgentConfig;
  readonly stopReason: StopReason;
  readonly now: Instant;
  readonly random: number;
  readonly firstEntry: string;
  /** Somebody else than its sender cancelled it. */
  readonly tell?: boolean;
}

/** The failure table applied to one turn that has no other candidate left. Pure. */
export function decideSettlement(facts: FailureFacts): Settlement {
  const { failure, started, now, begun = started } = facts;
  if (failure.class === "cancelled" && facts.stopReason !== "cancel") {
    return {
      to: "queued",
      usesAttempt: false,
      forget: !begun,
      text: null,
      at: now,
      event: facts.stopReason === "drain" ? "drained" : "interrupted",
    };
  }
  const row = decideFailure(failure, { started, otherCandidate: false });
  const forget = !begun || (row.next === "interrupted" && facts.agent.onInterrupted === "rerun");
  return { usesAttempt: row.usesAttempt, forget, ...settlementOf(row.next, facts) };
}

type Where = Omit<Settlement, "usesAttempt" | "forget">;

function settlementOf(next: NextStep, facts: FailureFacts): Where {
  const { failure, now, turn, agent } = facts;
  const attemptsLeft = turn.failures + 1 < LIMITS.turnAttempts;
  switch (next) {
    case "wait":
      return { to: "held", text: null, at: failure.until ?? now + MINUTE, event: "held" };
    case "hold":
    case "next-candidate":
      return { to: "held", text: null, at: now, event: "held" };
    case "retry":
      return attemptsLeft ? again(facts, "retry") : dead(facts);
    case "interrupted":
      if (agent.onInterrupted === "ask")
        return { to: "held", text: TEXTS.interruptedAsk(facts.firstEntry), at: now, event: "asked" };
      if (!attemptsLeft) return dead(facts);
      return again(facts, agent.onInterrupted === "resume" ? "resumed" : "rerun");
    case "answer":
      return { to: "answered", text: refusedText(failure), at: now, event: "answered" };
    case "cancel":
      return {
        to: "cancelled",
        text: facts.tell === true ? TEXTS.stopped : null,
        at: now,
        event: "cancelled",
      };
    case "dead":
      return dead(facts);
  }
}

function again(facts: FailureFacts, event: string): Where {
  const delay = backoffDelay(BACKOFF.turn, facts.turn.failures + 1, facts.random);
  return { to: "queued", text: null, at: facts.now + delay, event };
}

function dead(facts: FailureFacts): Where {
  const { failure, agent, now } = facts;
  const text =
    failure.class === "deadline"
      ? deadlineText(failure, agent.turn[failure.deadline ?? "total"])
      : TEXTS.dead;
  return { to: "dead", text, at: now, event: "dead" };
}

/** Writes what {@link decideSettlement} decided. */
export async function settleFailure(
  deps: TurnDeps,
  work: TurnWork,
  failure: Failure,
  { started, begun }: Pick<FailureFacts, "started" | "begun">,
): Promise<void> {
  const now = deps.clock.now();
  const facts: FailureFacts = {
    ...work,
    failure,
    started,
    ...(begun !== undefined && { begun }),
    stopReason: work.stopReason(),
    now,
    random: deps.random.next(),
    firstEntry: work.entries[0].id,
    tell: work.stopReason() === "cancel" && mustTell(work.entries[0], work.stoppedBy?.()),
  };
  const settled = decideSettlement(facts);
  if (settled.to === "answered") await answerRefusal(deps, work, settled.text ?? "", now);
  else await endAttempt(deps, work, settled, settled.to, failure, now);
  if (settled.to === "dead") {
    deps.log.warn("message.dead", {
      turn: work.turn.id,
      entries: work.entries.map(({ id }) => id),
      code: failure.code,
    });
  }
  if (settled.to === "held") {
    const ids = work.entries.map(({ id }) => id);
    deps.log.warn("message.held", { ids, code: failure.code, incident: null });
  }
  if (settled.to === "queued" && settled.usesAttempt) deps.metrics.count("turn_reruns_total");
  publishStates(deps, work.entries, settled.to);
  deps.outbox.wake();
}

async function answerRefusal(deps: TurnDeps, work: TurnWork, text: string, at: Instant): Promise<void> {
  const reply = { text, files: [] };
  const deliveries = await replyDeliveries(deps, work, reply);
  await deps.store.answer(fenceOf(work.turn), { reply, deliveries, nativeSession: null, usage: null, at });
}

type EndState = Exclude<Settlement["to"], "answered">;

async function endAttempt(
  deps: TurnDeps,
  work: TurnWork,
  settled: Settlement,
  to: EndState,
  failure: Failure,
  now: Instant,
): Promise<void> {
  const moves = work.entries.map((entry) => moveOf(entry, work, settled, to, failure, now));
  const deliveries =
    settled.text === null
      ? []
      : [endNotice(deps.ids, work.turn, { ...work, entry: lastEntry(work), text: settled.text, at: now })];
  await deps.store.endTurn(fenceOf(work.turn), {
    moves,
    usesAttempt: settled.usesAttempt,
    rerun: settled.to === "queued" && settled.usesAttempt,
    forget: settled.forget && (to === "queued" || to === "held"),
    deliveries,
    at: now,
  });
}

function moveOf(
  entry: Entry,
  work: TurnWork,
  settled: Settlement,
  to: EndState,
  failure: Failure,
  now: Instant,
): EntryMove {
  const code = settled.event === "asked" ? "turn-interrupted" : failure.code;
  const by = to === "cancelled" ? work.stoppedBy?.()?.name : undefined;
  return {
    id: entry.id,
    from: "running",
    attempt: entry.attempt,
    to,
    ...(to === "held" && { hold: holdOf(entry, code, now) }),
    ...(to === "queued" && { notBefore: settled.at }),
    // A newer message that interrupts is answered together with the one that it interrupted.
    ...(work.stopReason() === "interrupt" && to === "queued" && { leaveTurn: true }),
    event: settled.event,
    data: {
      code: failure.code,
      detail: failure.detail,
      ...(failure.until !== undefined && { until: failure.until }),
      ...(work.used !== undefined && { tools: work.used.tools }),
      ...(by !== undefined && { by }),
    },
  };
}

/** A message that was held before goes on waiting: its hold has one beginning and one end. A question is a new one. */
function holdOf({ hold }: Entry, code: Hold["code"], now: Instant): Hold {
  if (code === "turn-interrupted") return { code, since: now, incident: null };
  return { code, since: hold?.since ?? now, incident: hold?.incident ?? null };
}
