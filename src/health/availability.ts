/**
 * Who can serve now. Each candidate is proven by probes and by its turns; unknown is failing.
 *
 * available ⇄ unavailable: a definite fault closes it at once, others after three within 30 s; a wait closes every
 * candidate of its credential until its end. While unavailable it is probed again and again, ever more slowly, and
 * only a turn that succeeds makes the probing quick again.
 */
import { backoffDelay } from "../core/backoff.ts";
import type { Failure } from "../core/failure.ts";
import { BACKOFF } from "../core/limits.ts";
import type { Candidate } from "../core/model-ref.ts";
import { MINUTE, SECOND, type Duration } from "../core/time.ts";
import type { Availability } from "../ports/availability.ts";
import type { Clock } from "../ports/clock.ts";
import type { Harness, ProbeLevel, ProbeResult } from "../ports/harness.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Random } from "../ports/random.ts";
import type { Generation, Roster } from "../ports/roster.ts";
import { adoptProof, createProve, type Proof } from "./prove.ts";
import { createTracker, type Tracked, type Tracker } from "./tracked.ts";

export interface AvailabilityDeps {
  readonly roster: Roster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly probeDeadline: Duration;
}

export interface ProbedAvailability extends Availability {
  /** Probes every candidate for the first time; resolves when each has answered or run out of time. */
  start(): Promise<void>;
  /** Probes what is new in a generation that doesn't serve yet. Changes nothing. */
  prove(next: Generation): Promise<Proof>;
  /** Takes over what was proven, right after the generation was published, and looks no more at what is gone. */
  adopt(proof: Proof): void;
  stop(): void;
}

/** How often a proof is renewed: the file often, since looking is cheap; the login seldom. */
const PERIOD = { light: 2 * SECOND, full: 5 * MINUTE } as const;
/** Faults that aren't definite: how many, within how long, make a candidate unavailable. */
const SOFT = { count: 3, within: 30 * SECOND } as const;
const WAIT_WITHOUT_END = MINUTE;

export function createAvailability(deps: AvailabilityDeps): ProbedAvailability {
  const tracker = createTracker(deps);
  const stopped = new AbortController();
  const serves = (tracked: Tracked): boolean => !stopped.signal.aborted && tracker.all().includes(tracked);

  const probe = async (tracked: Tracked, level: ProbeLevel): Promise<void> => {
    const harness = deps.roster.current().harnesses.get(tracked.state.candidate.harness);
    if (harness === undefined || !serves(tracked)) return;
    const result = await probeOnce(deps, harness, tracked.state.candidate, level, stopped.signal);
    // After a reload it may be the candidate of a generation that is over.
    if (!serves(tracked)) return;
    if (level !== "L0") tracked.provenAt = deps.clock.monotonic();
    tracker.probed(tracked, result);
    plan(tracked);
  };
  const plan = (tracked: Tracked): void => {
    tracked.cancel();
    if (!serves(tracked)) return;
    const now = deps.clock.now();
    const { available, until } = tracked.state;
    const stale = deps.clock.monotonic() - tracked.provenAt >= PERIOD.full;
    const retry = (): Duration => backoffDelay(BACKOFF.probe, tracked.strikes, deps.random.next());
    const delay = available ? PERIOD.light : until !== null && until > now ? until - now : retry();
    if (!available) tracked.strikes += 1;
    tracked.cancel = deps.clock.timer(delay, () => void probe(tracked, available && !stale ? "L0" : "L2"));
  };

  return {
    of: (agent, generation = deps.roster.current()) =>
      generation.candidates(agent).map((candidate) => tracker.get(candidate, generation).state),
    onChange: (changed) => tracker.onChange(changed),
    async start() {
      await Promise.all(tracker.all().map((tracked) => probe(tracked, "L2")));
    },
    prove: createProve(tracker, (harness, candidate) =>
      probeOnce(deps, harness, candidate, "L2", stopped.signal),
    ),
    adopt: (proof) => adoptProof({ tracker, plan, now: deps.clock.monotonic() }, proof),
    stop() {
      stopped.abort();
      for (const tracked of tracker.all()) tracked.cancel();
    },
    succeeded(candidate, generation) {
      const tracked = tracker.get(candidate, generation);
      tracked.strikes = 1;
      tracked.soft.length = 0;
      tracked.provenAt = deps.clock.monotonic();
      if (!tracked.state.available || tracked.state.level !== "L3") {
        tracker.set(tracked, { available: true, level: "L3", code: null, detail: null, until: null });
        plan(tracked);
      }
    },
    failed(candidate, failure, generation = deps.roster.current()) {
      for (const tracked of affected(tracker, candidate, failure, generation)) {
        if (!closes(deps, tracked, failure)) continue;
        const until =
          failure.class === "wait" ? (failure.until ?? deps.clock.now() + WAIT_WITHOUT_END) : null;
        tracker.set(tracked, { available: false, code: failure.code, detail: failure.detail, until });
        plan(tracked);
      }
    },
  };
}

/** A limit or a login belongs to the credential, a missing program to its harness, the rest to the candidate. */
function affected(
  tracker: Tracker,
  candidate: Candidate,
  failure: Failure,
  generation: Generation,
): readonly Tracked[] {
  const { harnesses } = generation;
  const shared =
    failure.class === "wait" || failure.code === "harness-login" || failure.code === "harness-missing";
  const own = tracker.get(candidate, generation);
  if (!shared) return [own];
  const credential = harnesses.get(candidate.harness)?.credential;
  return tracker
    .all(generation)
    .filter(({ state }) => harnesses.get(state.candidate.harness)?.credential === credential);
}

function closes(deps: AvailabilityDeps, tracked: Tracked, failure: Failure): boolean {
  if (failure.class === "structural" || failure.class === "protocol" || failure.class === "wait") return true;
  const now = deps.clock.monotonic();
  tracked.soft.push(now);
  while ((tracked.soft[0] ?? now) < now - SOFT.within) tracked.soft.shift();
  return tracked.soft.length >= SOFT.count;
}

async function probeOnce(
  deps: AvailabilityDeps,
  harness: Harness,
  candidate: Candidate,
  level: ProbeLevel,
  stop: AbortSignal,
): Promise<ProbeResult> {
  const deadline = new AbortController();
  const late = new Promise<ProbeResult>((resolve) => {
    const failure: Failure = {
      class: "structural",
      code: "harness-deadline",
      detail: `no answer to a probe within ${deps.probeDeadline} ms`,
    };
    deadline.signal.addEventListener("abort", () => resolve({ ok: false, level, failure }), { once: true });
  });
  const cancel = deps.clock.timer(deps.probeDeadline, () => deadline.abort());
  try {
    return await Promise.race([
      harness.probe(candidate.model, level, AbortSignal.any([deadline.signal, stop])),
      late,
    ]);
  } finally {
    cancel();
  }
}
