import type { AgentConfig } from "../core/config.ts";
import type { Entry } from "../core/entry.ts";
import type { Turn } from "../core/turn.ts";
import { unguarded } from "../ports/guard.ts";
import type { Harness } from "../ports/harness.ts";
import type { Roster } from "../ports/roster.ts";
import type { EntryMove } from "../ports/store.ts";
import { adoptAnswer } from "./adopt.ts";
import type { AnswerDeps } from "./answer.ts";
import { endNotice } from "./end-notice.ts";
import { recall } from "./recall.ts";
import { planRecovery, type Known, type RecoveryPlan } from "./recovery-plan.ts";
import { TEXTS } from "./texts.ts";
import { publishStates, type TurnDeps } from "./turn-deps.ts";
import { fenceOf, subjectsOf } from "./turn-work.ts";

/** What deciding on one interrupted turn works with. */
export interface RecoverTurnDeps
  extends
    Pick<TurnDeps, "store" | "clock" | "ids" | "log" | "metrics" | "outbox">,
    Partial<Pick<TurnDeps, "guard" | "events" | "alerts">> {
  readonly agent: (id: string) => AgentConfig | undefined;
  /** Where the turn's harness is looked up. Without it no record is asked. */
  readonly roster?: Roster;
}

/** A turn that an earlier gateway left running, with those of its messages that still run in it. */
export interface Interrupted {
  readonly turn: Turn;
  readonly entries: readonly [Entry, ...Entry[]];
}

/** What came of a turn; `lost`: somebody else moved it on. */
export type Recovered = RecoveryPlan["kind"] | "lost";

/** Decides on one interrupted turn whose processes are gone, in one write. */
export async function recoverTurn(deps: RecoverTurnDeps, one: Interrupted): Promise<Recovered> {
  const { turn } = one;
  const agent = deps.agent(turn.agent);
  const generation = deps.roster?.current();
  const harness = generation?.harnesses.get(turn.harness ?? "");
  const known: Known =
    turn.state === "prompted"
      ? await recall(deps, turn, harness, agent?.workspace ?? "")
      : { kind: "unprompted" };
  const plan = planRecovery({
    known,
    onInterrupted: agent?.onInterrupted ?? "resume",
    failures: turn.failures,
    resumable: resumable(turn, harness),
    spared: deps.guard?.spares(subjectsOf(one)) ?? false,
  });
  const done =
    plan.kind === "adopted" && known.kind === "answered"
      ? await adoptAnswer(answerDeps(deps), one, known, { reason: "restart", generation })
      : await putBack(deps, one, plan);
  const outcome = done ? plan.kind : "lost";
  deps.metrics.count("turns_recovered_total", { outcome });
  deps.log.warn("turn.recovered", {
    turn: turn.id,
    session: turn.session,
    outcome,
    ...("reason" in plan && { reason: plan.reason }),
  });
  return outcome;
}

function resumable(turn: Turn, harness: Harness | undefined): boolean {
  return harness?.resumes === true && turn.nativeSession !== null;
}

function answerDeps(deps: RecoverTurnDeps): AnswerDeps {
  const { guard = unguarded, events = { publish: () => {} } } = deps;
  return { ...deps, guard, events: events as AnswerDeps["events"] };
}

async function putBack(
  deps: RecoverTurnDeps,
  { turn, entries }: Interrupted,
  plan: RecoveryPlan,
): Promise<boolean> {
  if (plan.kind === "adopted") return false;
  const now = deps.clock.now();
  const again = plan.kind === "resumed" || plan.kind === "rerun" ? plan : undefined;
  const text = plan.kind === "dead" ? TEXTS.dead : TEXTS.interruptedAsk(entries[0].id);
  const done = await deps.store.endTurn(fenceOf(turn), {
    moves: entries.map((entry) => moveOf(entry, plan, now)),
    usesAttempt: again?.usesAttempt ?? true,
    rerun: again?.counts ?? false,
    forget: again?.forget ?? false,
    deliveries:
      again === undefined ? [endNotice(deps.ids, turn, { entries, entry: entries[0], text, at: now })] : [],
    at: now,
  });
  if (!done) return false;
  if (again?.counts === true) deps.metrics.count("turn_reruns_total");
  if (deps.events !== undefined) publishStates({ events: deps.events }, entries, stateOf(plan));
  if (again === undefined) deps.outbox.wake();
  return true;
}

type PutBack = Exclude<RecoveryPlan, { kind: "adopted" }>;

function stateOf({ kind }: PutBack): "queued" | "held" | "dead" {
  if (kind === "dead") return "dead";
  return kind === "asked" ? "held" : "queued";
}

function moveOf(entry: Entry, plan: PutBack, now: number): EntryMove {
  const to = stateOf(plan);
  return {
    id: entry.id,
    from: "running",
    attempt: entry.attempt,
    to,
    ...(to === "held" && { hold: { code: "turn-interrupted" as const, since: now, incident: null } }),
    ...(to === "queued" && { notBefore: now }),
    event: plan.kind,
    data: { by: "restart", reason: plan.reason },
  };
}
