import type { ErrorCode } from "../core/errors.ts";
import { formatModelRef, type Candidate } from "../core/model-ref.ts";
import type { Duration, Instant } from "../core/time.ts";
import type { CandidateState } from "../ports/availability.ts";
import type { Clock } from "../ports/clock.ts";
import type { Harness, ProbeLevel, ProbeResult } from "../ports/harness.ts";
import type { Log } from "../ports/log.ts";
import type { Generation, Roster } from "../ports/roster.ts";
import { NEW_BREAKER, stepBreaker, type Breaker, type BreakerEvent } from "./breaker.ts";
import { levelOf, type Proofs } from "./proofs.ts";

/** One candidate as it is watched. Times are monotonic but where they are shown. */
export interface Tracked {
  readonly candidate: Candidate;
  /** Undefined for a declared harness that isn't registered. */
  readonly harness: Harness | undefined;
  breaker: Breaker;
  proofs: Proofs;
  /** What has to be proven before it serves again. */
  need: ProbeLevel;
  /** When it is probed next while it is open. */
  retryAt: Duration;
  probing: boolean;
  /** End of a wait that belongs to the credential. */
  wait: Duration | null;
  fault: Fault | null;
  since: Instant;
  version: string | null;
  paidBy: CandidateState["paidBy"];
}

/** Why a candidate can't serve. */
export interface Fault {
  readonly code: ErrorCode;
  readonly detail: string | null;
  readonly until: Instant | null;
}

export interface Tracker {
  /** What is known of a candidate in a generation: the same model of another instance of a harness is another one. */
  get(candidate: Candidate, generation?: Generation): Tracked;
  /** Every candidate of a generation, each once; of the one that serves when none is named. */
  all(generation?: Generation): readonly Tracked[];
  stateOf(tracked: Tracked): CandidateState;
  /** The one place where a candidate changes: it logs and tells. */
  step(tracked: Tracked, event: BreakerEvent | null, change?: Partial<Tracked>): void;
  /** Notes what a probe said beside its verdict. */
  note(tracked: Tracked, result: ProbeResult & { readonly ok: true }): void;
  onChange(changed: (agent: string) => void): () => void;
  /** Tells who can be served now and couldn't before, or the other way. */
  announce(): void;
  /** Another generation serves: whoever waits for an agent looks again. */
  lookAgain(): void;
}

export interface TrackerDeps {
  readonly roster: Roster;
  readonly clock: Clock;
  readonly log: Log;
  /** A candidate heals and fails in turns: somebody has to look. */
  readonly pages?: (candidate: Candidate, fault: Fault | null) => void;
}

/** Whether turns may be given to it. */
export function isAvailable({ harness, breaker, wait }: Tracked): boolean {
  return harness !== undefined && breaker.state === "closed" && wait === null;
}

export function createTracker(deps: TrackerDeps): Tracker {
  const known = new WeakMap<Harness, Map<string, Tracked>>();
  const unregistered = new Map<string, Tracked>();
  const served = new Map<string, boolean>();
  const watchers = new Set<(agent: string) => void>();

  const get = (candidate: Candidate, generation = deps.roster.current()): Tracked => {
    const harness = generation.harnesses.get(candidate.harness);
    const models = harness === undefined ? unregistered : (known.get(harness) ?? new Map<string, Tracked>());
    if (harness !== undefined) known.set(harness, models);
    const key = formatModelRef(candidate);
    const tracked = models.get(key) ?? unproven(candidate, harness, deps.clock.now());
    models.set(key, tracked);
    return tracked;
  };
  const announce = (): void => {
    const generation = deps.roster.current();
    for (const agent of generation.agents.keys()) {
      const now = generation.candidates(agent).some((candidate) => isAvailable(get(candidate, generation)));
      if (now === (served.get(agent) ?? false)) continue;
      served.set(agent, now);
      for (const watcher of watchers) watcher(agent);
    }
  };
  const step: Tracker["step"] = (tracked, event, change = {}) => {
    const before = { available: isAvailable(tracked), code: tracked.fault?.code ?? null };
    // What a turn of an earlier generation saw of its own harness is no news of the one that serves.
    const serves = deps.roster.current().harnesses.get(tracked.candidate.harness) === tracked.harness;
    Object.assign(tracked, change);
    if (event !== null) {
      const { breaker, page } = stepBreaker(tracked.breaker, event, deps.clock.monotonic());
      tracked.breaker = breaker;
      if (page && serves) pageFor(deps, tracked);
    }
    const available = isAvailable(tracked);
    if (available) tracked.fault = null;
    if (available !== before.available) tracked.since = deps.clock.now();
    if (serves && (available !== before.available || (tracked.fault?.code ?? null) !== before.code))
      tell(deps, tracked, available);
    if (available !== before.available) announce();
  };
  return {
    get,
    step,
    announce,
    all(generation = deps.roster.current()) {
      const declared = [...generation.agents.keys()].flatMap((agent) => generation.candidates(agent));
      return [...new Set(declared.map((candidate) => get(candidate, generation)))];
    },
    stateOf: (tracked) => stateOf(tracked, deps.clock.monotonic()),
    note(tracked, { version, paidBy }) {
      if (version !== undefined) tracked.version = version;
      if (paidBy !== undefined) tracked.paidBy = paidBy;
    },
    lookAgain() {
      announce();
      for (const agent of deps.roster.current().agents.keys()) for (const watcher of watchers) watcher(agent);
    },
    onChange(changed) {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
  };
}

function unproven(candidate: Candidate, harness: Harness | undefined, now: Instant): Tracked {
  const code = harness === undefined ? "harness-unregistered" : "harness-unproven";
  return {
    candidate,
    harness,
    breaker: NEW_BREAKER,
    proofs: {},
    need: "L2",
    retryAt: 0,
    probing: false,
    wait: null,
    fault: { code, detail: null, until: null },
    since: now,
    version: null,
    paidBy: null,
  };
}

function stateOf(tracked: Tracked, now: Duration): CandidateState {
  const { candidate, proofs, fault, since, version, paidBy } = tracked;
  return {
    candidate,
    available: isAvailable(tracked),
    level: levelOf(proofs, now),
    code: fault?.code ?? null,
    detail: fault?.detail ?? null,
    until: fault?.until ?? null,
    since,
    version,
    paidBy,
  };
}

function tell({ log, clock }: TrackerDeps, tracked: Tracked, available: boolean): void {
  const fields = {
    candidate: formatModelRef(tracked.candidate),
    proven: levelOf(tracked.proofs, clock.monotonic()),
    code: tracked.fault?.code ?? null,
    detail: tracked.fault?.detail ?? null,
    ...(tracked.fault?.until != null && { until: tracked.fault.until }),
  };
  if (available) log.info("harness.available", fields);
  else log.error("harness.unavailable", fields);
}

function pageFor({ log, pages }: TrackerDeps, { candidate, fault }: Tracked): void {
  log.error(
    "harness.flapping",
    { candidate: formatModelRef(candidate), code: fault?.code ?? null, detail: fault?.detail ?? null },
    "a candidate heals and fails in turns; it stays out until it has been well for ten minutes, or somebody releases what is held",
  );
  pages?.(candidate, fault);
}
