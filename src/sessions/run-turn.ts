/**
 * One turn: channel → inbox → router → **session lane → harness** → outbox → channel.
 *
 * A claimed turn goes to the agent's available candidates, primary first, until one answers. Before each prompt the
 * store knows who will have it; the answer and all its deliveries are stored in one write.
 *
 * Keeps: I5 (one answer per turn), I7 (nothing is sent without a durable intent), I10 (each write carries the attempt,
 * so that late words of an abandoned candidate change nothing), I11 (a turn runs in one generation), I13 (a fault of
 * ours holds the message, it never fails it).
 */
import { decideFailure, type Failure } from "../core/failure.ts";
import { formatModelRef } from "../core/model-ref.ts";
import type { Turn } from "../core/turn.ts";
import { runAttempt, type AttemptOutcome } from "./attempt.ts";
import { answerTurn } from "./answer.ts";
import { settleFailure } from "./settle-failure.ts";
import { candidatesFor, ownOnly, type Runner } from "./candidates.ts";
import { lookAgain } from "./look-again.ts";
import type { TurnDeps } from "./turn-deps.ts";
import { fenceOf, type Attempt, type TurnWork } from "./turn-work.ts";

/** Runs a claimed turn to a durable end. Resolves when its entries have moved on; never throws for a harness's fault. */
export async function runTurn(deps: TurnDeps, work: TurnWork): Promise<void> {
  const runners = ownOnly(
    candidatesFor(
      deps.availability,
      work.generation,
      work.agent.id,
      await deps.store.sessionModel(work.turn.session),
    ),
    work.turn,
    work.generation.candidates(work.agent.id),
  );
  let turn: Turn | null = work.turn;
  let failure: Failure = noCandidate(deps, work);
  let started = false;
  let rest: readonly Runner[] = runners;
  for (let runner = rest[0]; runner !== undefined && turn !== null; runner = rest[0]) {
    rest = rest.slice(1);
    const outcome = await tryCandidate(deps, work, turn, runner);
    if (outcome.kind === "lost" || outcome.kind === "answered") return;
    ({ failure, started } = outcome);
    rest = others(deps, work, rest);
    const row = decideFailure(failure, { started, otherCandidate: rest.length > 0 });
    if (row.next !== "next-candidate") break;
    deps.log.warn("turn.next_candidate", {
      turn: turn.id,
      from: formatModelRef(runner.candidate),
      code: failure.code,
    });
    turn = await deps.store.nextAttempt(
      fenceOf(turn),
      { code: failure.code, detail: failure.detail, from: formatModelRef(runner.candidate) },
      deps.clock.now(),
    );
  }
  const begun = started || work.turn.harness !== null;
  if (turn !== null) await settleFailure(deps, { ...work, turn }, failure, { started, begun });
}

type Tried = { kind: "answered" } | { kind: "lost" } | { kind: "failed"; failure: Failure; started: boolean };

async function tryCandidate(deps: TurnDeps, work: TurnWork, turn: Turn, runner: Runner): Promise<Tried> {
  const labels = { agent: work.agent.id, harness: runner.harness.id };
  const begun = deps.clock.monotonic();
  deps.log.info("turn.started", {
    turn: turn.id,
    session: turn.session,
    attempt: turn.attempt,
    candidate: formatModelRef(runner.candidate),
    generation: work.generation.number,
  });
  const attempt: Attempt = { ...work, turn, runner, goesOn: work.turn.harness !== null };
  const outcome = await lookAgain(deps, attempt, await runAttempt(deps, attempt));
  const tried = outcome.kind === "final" ? await finish(deps, attempt, outcome) : outcome;
  const result = tried.kind === "failed" ? tried.failure.class : tried.kind;
  deps.metrics.count("turns_total", { ...labels, outcome: result });
  deps.metrics.observe("turn_seconds", (deps.clock.monotonic() - begun) / 1000, labels);
  deps.log.info("turn.finished", {
    turn: turn.id,
    session: turn.session,
    attempt: turn.attempt,
    outcome: result,
    ...(tried.kind === "failed" && { code: tried.failure.code, detail: tried.failure.detail }),
  });
  if (tried.kind === "failed") reportFailure(deps, attempt, tried.failure);
  return tried;
}

async function finish(
  deps: TurnDeps,
  attempt: Attempt,
  outcome: Extract<AttemptOutcome, { kind: "final" }>,
): Promise<Tried> {
  // What was found in a record proves nothing about now.
  if (outcome.adopted === undefined)
    deps.availability.succeeded(attempt.runner.candidate, attempt.generation);
  const stored = await answerTurn(deps, attempt, outcome);
  return { kind: stored ? "answered" : "lost" };
}

function reportFailure(deps: TurnDeps, attempt: Attempt, failure: Failure): void {
  // What a person stopped, or what the model refused, says nothing about the candidate.
  if (failure.class === "cancelled" || failure.class === "refused") return;
  deps.availability.failed(attempt.runner.candidate, failure, attempt.generation);
}

/** The candidates that may still be tried: what just failed may have taken others out with it, by login or limit. */
function others(deps: TurnDeps, { agent, generation }: TurnWork, rest: readonly Runner[]): readonly Runner[] {
  const known = deps.availability.of(agent.id, generation);
  return rest.filter(({ candidate }) =>
    known.some((state) => state.available && formatModelRef(state.candidate) === formatModelRef(candidate)),
  );
}

function noCandidate(deps: TurnDeps, { agent, generation, turn }: TurnWork): Failure {
  const states = deps.availability.of(agent.id, generation);
  const first = states.find(({ candidate }) => candidate.harness === turn.harness) ?? states[0];
  return {
    class: "structural",
    code: first?.code ?? "agent-unavailable",
    detail: first?.detail ?? "no candidate is available",
  };
}
