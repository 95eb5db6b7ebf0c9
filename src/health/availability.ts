/**
 * Who can serve now. Each candidate is proven by probes and by its turns; unknown is failing.
 *
 * available ⇄ unavailable by the breaker of each candidate (breaker.ts): a definite fault opens it at once, others after
 * three within 30 s; a wait closes every candidate of its credential until its end. One pulse a second looks at the
 * files, renews proofs whose period has passed, and tries again what is out, ever more slowly.
 *
 * Keeps: I12 (what is called available was proven within its period), I14 (a definite fault counts at once).
 */
import type { Failure } from "../core/failure.ts";
import type { Candidate } from "../core/model-ref.ts";
import type { Duration } from "../core/time.ts";
import type { Availability } from "../ports/availability.ts";
import type { Clock } from "../ports/clock.ts";
import type { Harness } from "../ports/harness.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Random } from "../ports/random.ts";
import type { Generation, Roster } from "../ports/roster.ts";
import { createFileLooks, type FileLooks } from "./file-looks.ts";
import { createProber, dependsOnModel, type Prober } from "./prober.ts";
import { dueLevel, PERIODS } from "./proofs.ts";
import { createProve, type Proof } from "./prove.ts";
import { createTracker, isAvailable, type Fault, type Tracked, type Tracker } from "./tracked.ts";
import { createVerdicts, type Verdicts } from "./verdicts.ts";

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
  /** Calls back when a candidate heals and fails in turns, and is left out: somebody has to look. */
  onPage(page: (candidate: Candidate, fault: Fault | null) => void): void;
  stop(): void;
}

interface State {
  readonly deps: AvailabilityDeps;
  readonly tracker: Tracker;
  readonly prober: Prober;
  readonly verdicts: Verdicts;
  readonly files: FileLooks;
  readonly stopped: AbortController;
  /** Harnesses that are looked at now, and whether something changed meanwhile. */
  readonly looking: Map<Harness, { again: boolean }>;
  cancelPulse: () => void;
}

export function createAvailability(deps: AvailabilityDeps): ProbedAvailability {
  const pagers: ((candidate: Candidate, fault: Fault | null) => void)[] = [];
  const pages = (candidate: Candidate, fault: Fault | null): void =>
    pagers.forEach((page) => page(candidate, fault));
  const tracker = createTracker({ ...deps, pages });
  const stopped = new AbortController();
  const { clock, random, roster, probeDeadline: deadline } = deps;
  const state: State = {
    deps,
    tracker,
    stopped,
    prober: createProber({ clock, deadline, stop: stopped.signal }),
    verdicts: createVerdicts({ tracker, clock, random }),
    files: createFileLooks(clock, (harness) => void look(state, harness)),
    looking: new Map(),
    cancelPulse: () => {},
  };
  return {
    of: (agent, generation = roster.current()) =>
      generation.candidates(agent).map((candidate) => tracker.stateOf(tracker.get(candidate, generation))),
    onChange: (changed) => tracker.onChange(changed),
    onPage: (page) => void pagers.push(page),
    start: () => start(state),
    prove: createProve(tracker, (harness, { model }) => state.prober(harness, model, "L2")),
    adopt(proof) {
      for (const [tracked, result] of proof.probed) state.verdicts.probed(tracked, result);
      keepFiles(state);
      tracker.lookAgain();
    },
    stop() {
      stopped.abort();
      state.cancelPulse();
      state.files.stop();
    },
    succeeded(candidate, generation) {
      const tracked = tracker.get(candidate, generation);
      // A warm process outlives its program's file: its turns prove nothing of the next one.
      if (tracked.harness !== undefined && !state.files.isGone(tracked.harness))
        state.verdicts.succeeded(tracked);
    },
    failed(candidate: Candidate, failure: Failure, generation = roster.current()) {
      state.verdicts.failed(tracker.get(candidate, generation), failure, tracker.all(generation));
    },
    retry(agent) {
      for (const tracked of agent === null ? tracker.all() : ofAgent(state, agent)) {
        if (tracked.breaker.state === "closed") continue;
        tracker.step(tracked, { kind: "reset" });
        void retry(state, tracked);
      }
    },
  };
}

async function start(state: State): Promise<void> {
  keepFiles(state);
  const first = state.tracker.all().map((tracked) => probe(state, tracked));
  state.cancelPulse = state.deps.clock.timer(PERIODS.L0, () => pulse(state));
  await Promise.all(first);
}

/** Once a second. Everything is timed by the monotonic clock, and nothing of it piles up. */
function pulse(state: State): void {
  const { deps, tracker } = state;
  state.cancelPulse = deps.clock.timer(PERIODS.L0, () => pulse(state));
  const now = deps.clock.monotonic();
  keepFiles(state);
  for (const tracked of tracker.all()) {
    if (tracked.wait !== null && tracked.wait <= now) tracker.step(tracked, null, { wait: null });
    if (tracked.retryAt <= now && isRetried(state, tracked)) void retry(state, tracked);
  }
  for (const harness of inUse(state)) void look(state, harness);
  // A generation that lost a harness shows nowhere else.
  tracker.announce();
}

/** A lost login is tried by one of its candidates, for all of them. */
function isRetried({ tracker }: State, tracked: Tracked): boolean {
  if (tracked.breaker.state === "closed" || tracked.harness === undefined) return false;
  if (tracked.fault?.code !== "harness-login") return true;
  const leader = tracker
    .all()
    .find(
      ({ harness, fault, breaker }) =>
        harness?.credential === tracked.harness?.credential &&
        fault?.code === "harness-login" &&
        breaker.state !== "closed",
    );
  return leader === tracked;
}

async function retry(state: State, tracked: Tracked): Promise<void> {
  if (tracked.harness === undefined || tracked.probing || state.stopped.signal.aborted) return;
  state.tracker.step(tracked, { kind: "probing" });
  await probe(state, tracked);
}

async function probe(state: State, tracked: Tracked): Promise<void> {
  const { harness, candidate } = tracked;
  if (harness === undefined) return;
  tracked.probing = true;
  const result = await state.prober(harness, candidate.model, tracked.need);
  tracked.probing = false;
  // Noted here too, so that its return is one: a program may be missing from the first probe on.
  if (!result.ok && serves(state, tracked)) state.files.saw(harness, result);
  if (serves(state, tracked) && tracked.breaker.state !== "closed") state.verdicts.probed(tracked, result);
}

/** Looks at a harness's file, or renews its proofs when their period has passed. */
async function look(state: State, harness: Harness): Promise<void> {
  const busy = state.looking.get(harness);
  if (busy !== undefined) return void (busy.again = true);
  const mine = { again: true };
  state.looking.set(harness, mine);
  while (mine.again && !state.stopped.signal.aborted) {
    mine.again = false;
    await lookOnce(state, harness);
  }
  state.looking.delete(harness);
}

async function lookOnce(state: State, harness: Harness): Promise<void> {
  const now = state.deps.clock.monotonic();
  const candidates = candidatesOn(state, harness);
  const serving = candidates.filter(isAvailable);
  const [first] = serving.length === 0 ? candidates : serving;
  if (first === undefined) return;
  const level = serving.length === 0 ? "L0" : dueLevel(first.proofs, now);
  const asked = dependsOnModel(harness, level) ? serving : [first];
  await Promise.all(
    asked.map(async (tracked) => {
      const result = await state.prober(harness, tracked.candidate.model, level);
      if (!serves(state, tracked)) return;
      apply(
        state,
        harness,
        result,
        dependsOnModel(harness, level) ? [tracked] : candidatesOn(state, harness),
      );
    }),
  );
}

function apply(
  state: State,
  harness: Harness,
  result: Awaited<ReturnType<Prober>>,
  candidates: readonly Tracked[],
): void {
  const seen = state.files.saw(harness, result);
  if (seen === "missing") return;
  for (const tracked of candidates) {
    state.verdicts.looked(tracked, result);
    if (seen === "back" && tracked.fault?.code === "harness-missing") void retry(state, tracked);
  }
}

function serves({ stopped, tracker }: State, tracked: Tracked): boolean {
  return !stopped.signal.aborted && tracker.all().includes(tracked);
}

function candidatesOn({ tracker }: State, harness: Harness): readonly Tracked[] {
  return tracker.all().filter((tracked) => tracked.harness === harness);
}

function ofAgent({ tracker, deps }: State, agent: string): readonly Tracked[] {
  return deps.roster
    .current()
    .candidates(agent)
    .map((candidate) => tracker.get(candidate));
}

function inUse({ tracker }: State): ReadonlySet<Harness> {
  return new Set(tracker.all().flatMap(({ harness }) => (harness === undefined ? [] : [harness])));
}

function keepFiles(state: State): void {
  state.files.keep(inUse(state));
}
