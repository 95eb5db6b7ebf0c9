import { formatModelRef, type Candidate } from "../core/model-ref.ts";
import type { Duration } from "../core/time.ts";
import type { CandidateState } from "../ports/availability.ts";
import type { Clock } from "../ports/clock.ts";
import type { Harness, ProbeResult } from "../ports/harness.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Generation, Roster } from "../ports/roster.ts";

/** One candidate as it is watched: what is said of it, and when it is looked at next. */
export interface Tracked {
  state: CandidateState;
  /** Probes since a turn last succeeded: the backoff's exponent. */
  strikes: number;
  /** Monotonic times of recent faults that aren't definite. */
  readonly soft: Duration[];
  /** Monotonic time of the last full proof. */
  provenAt: Duration;
  cancel: () => void;
}

type Change = Partial<
  Pick<CandidateState, "available" | "level" | "code" | "detail" | "until" | "version" | "paidBy">
>;

export interface Tracker {
  /** What is known of a candidate in a generation: the same model of another instance of a harness is another one. */
  get(candidate: Candidate, generation?: Generation): Tracked;
  /** Every candidate of a generation, each once; of the one that serves when none is named. */
  all(generation?: Generation): readonly Tracked[];
  /** The one place where a candidate's state changes: it logs, counts and tells. */
  set(tracked: Tracked, change: Change): void;
  probed(tracked: Tracked, result: ProbeResult): void;
  onChange(changed: (agent: string) => void): () => void;
  /** Another generation serves: whoever waits for an agent looks again. */
  lookAgain(): void;
}

export interface TrackerDeps {
  readonly roster: Roster;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function createTracker(deps: TrackerDeps): Tracker {
  const known = new WeakMap<Harness, Map<string, Tracked>>();
  const unregistered = new Map<string, Tracked>();
  const watchers = new Set<(agent: string) => void>();

  const get = (candidate: Candidate, generation = deps.roster.current()): Tracked => {
    const harness = generation.harnesses.get(candidate.harness);
    const models = harness === undefined ? unregistered : (known.get(harness) ?? new Map<string, Tracked>());
    if (harness !== undefined) known.set(harness, models);
    const key = formatModelRef(candidate);
    const tracked = models.get(key) ?? unproven(deps, candidate, harness);
    models.set(key, tracked);
    return tracked;
  };
  const all = (generation = deps.roster.current()): readonly Tracked[] => {
    const declared = [...generation.agents.keys()].flatMap((agent) => generation.candidates(agent));
    return [...new Set(declared.map((candidate) => get(candidate, generation)))];
  };
  const set = (tracked: Tracked, change: Change): void => {
    const before = tracked.state;
    const flipped = change.available !== undefined && change.available !== before.available;
    tracked.state = { ...before, ...change, since: flipped ? deps.clock.now() : before.since };
    if (!flipped && change.code === before.code) return;
    tell(deps, tracked.state, before);
    if (!flipped) return;
    for (const agent of usersOf(deps.roster, before.candidate))
      for (const watcher of watchers) watcher(agent);
  };
  return {
    get,
    set,
    all,
    probed(tracked, result) {
      if (!result.ok) {
        const { code, detail, until } = result.failure;
        set(tracked, { available: false, code, detail, until: until ?? null });
        return;
      }
      // A limit ends by its time, not by a probe that costs nothing.
      const { until, level } = tracked.state;
      if (until !== null && until > deps.clock.now()) return;
      const facts = {
        ...(result.version !== undefined && { version: result.version }),
        ...(result.paidBy !== undefined && { paidBy: result.paidBy }),
      };
      set(tracked, {
        available: true,
        level:
          level === "L3" && tracked.state.available
            ? level
            : higher(level, result.level, tracked.state.available),
        code: null,
        detail: null,
        until: null,
        ...facts,
      });
    },
    lookAgain() {
      for (const agent of deps.roster.current().agents.keys()) for (const watcher of watchers) watcher(agent);
    },
    onChange(changed) {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
  };
}

/** What was proven before stays proven while the candidate is available. */
function higher(
  before: CandidateState["level"],
  now: NonNullable<CandidateState["level"]>,
  available: boolean,
): CandidateState["level"] {
  return available && before !== null && before > now ? before : now;
}

function unproven(deps: TrackerDeps, candidate: Candidate, harness: Harness | undefined): Tracked {
  return {
    state: {
      candidate,
      available: false,
      level: null,
      code: harness === undefined ? "harness-unregistered" : "harness-unproven",
      detail: null,
      since: deps.clock.now(),
      until: null,
      version: null,
      paidBy: null,
    },
    strikes: 1,
    soft: [],
    provenAt: -Infinity,
    cancel: () => {},
  };
}

function usersOf(roster: Roster, candidate: Candidate): readonly string[] {
  const generation = roster.current();
  const key = formatModelRef(candidate);
  return [...generation.agents.keys()].filter((agent) =>
    generation.candidates(agent).some((one) => formatModelRef(one) === key),
  );
}

function tell({ log }: TrackerDeps, state: CandidateState, before: CandidateState): void {
  const fields = {
    candidate: formatModelRef(state.candidate),
    proven: state.level,
    code: state.code,
    detail: state.detail,
  };
  if (state.available) log.info("harness.available", fields);
  else if (before.available || before.code !== state.code) log.error("harness.unavailable", fields);
}
