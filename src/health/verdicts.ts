import { backoffDelay } from "../core/backoff.ts";
import type { Failure } from "../core/failure.ts";
import { BACKOFF } from "../core/limits.ts";
import { MINUTE, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { ProbeLevel, ProbeResult } from "../ports/harness.ts";
import type { Random } from "../ports/random.ts";
import { stepBreaker } from "./breaker.ts";
import { below, prove, stronger, type Proofs } from "./proofs.ts";
import { isAvailable, type Fault, type Tracked, type Tracker } from "./tracked.ts";

/** What probes and turns say, applied to the candidates that it concerns. */
export interface Verdicts {
  /** A probe of an open candidate, or its first one, has answered. */
  probed(tracked: Tracked, result: ProbeResult): void;
  /** A look that goes round from time to time has answered: what serves goes on, or is taken out. */
  looked(tracked: Tracked, result: ProbeResult): void;
  /** A turn failed. */
  failed(tracked: Tracked, failure: Failure, among: readonly Tracked[]): void;
  /** A turn succeeded. */
  succeeded(tracked: Tracked): void;
}

export interface VerdictDeps {
  readonly tracker: Tracker;
  readonly clock: Clock;
  readonly random: Random;
}

/** A limit whose end nobody told. */
const WAIT_WITHOUT_END = MINUTE;

export function createVerdicts({ tracker, clock, random }: VerdictDeps): Verdicts {
  const retryAt = (tracked: Tracked): Duration =>
    clock.monotonic() + backoffDelay(BACKOFF.probe, tracked.breaker.tries + 1, random.next());
  const proved = (tracked: Tracked, result: ProbeResult & { readonly ok: true }): void => {
    tracker.note(tracked, result);
    tracked.proofs = prove(tracked.proofs, result.level, clock.monotonic());
  };
  const takeOut = (tracked: Tracked, result: ProbeResult & { readonly ok: false }): void => {
    const { failure, level } = result;
    if (failure.class === "wait") return wait(tracked, failure);
    const need = needAfter(failure, stronger(tracked.need, stronger("L2", level)));
    tracker.step(
      tracked,
      { kind: "unproved" },
      { fault: faultOf(failure), need, proofs: below(tracked.proofs, level) },
    );
    tracked.retryAt = retryAt(tracked);
  };
  // By the monotonic clock: a wall clock that jumps neither ends a limit early nor makes one that never ends.
  const wait = (tracked: Tracked, failure: Failure): void => {
    const span = failure.until === undefined ? WAIT_WITHOUT_END : Math.max(0, failure.until - clock.now());
    const fault = { ...faultOf(failure), until: clock.now() + span };
    tracker.step(tracked, null, { wait: clock.monotonic() + span, fault });
  };
  return {
    probed(tracked, result) {
      if (!result.ok) return takeOut(tracked, result);
      proved(tracked, result);
      tracker.step(tracked, { kind: "proved" });
      if (tracked.breaker.state === "closed") tracked.need = "L2";
      tracked.retryAt = retryAt(tracked);
      if (tracked.wait === null) healLogin(tracker, tracked, result.level);
    },
    looked(tracked, result) {
      if (result.ok) proved(tracked, result);
      else if (isAvailable(tracked)) takeOut(tracked, result);
    },
    failed(tracked, failure, among) {
      for (const one of concerned(tracked, failure, among)) {
        if (failure.class === "wait") {
          wait(one, failure);
          continue;
        }
        const definite = failure.class === "structural" || failure.class === "protocol";
        const event = { kind: "fault", definite } as const;
        const opens = stepBreaker(one.breaker, event, clock.monotonic()).breaker.state === "open";
        const retried = one.breaker.state !== "closed";
        tracker.step(one, event, opens ? outOf(one, failure) : {});
        if (opens && !retried) one.retryAt = retryAt(one);
      }
    },
    succeeded(tracked) {
      tracked.proofs = prove(tracked.proofs, "L3", clock.monotonic());
      tracker.step(tracked, { kind: "turn" }, { wait: null });
      if (tracked.breaker.state === "closed") tracked.need = "L2";
    },
  };
}

function faultOf({ code, detail, until }: Failure): Fault {
  return { code, detail, until: until ?? null };
}

/** A program that is gone is proven by its return; what only a turn has shown, only a turn can disprove. */
function needAfter(failure: Failure, otherwise: ProbeLevel): ProbeLevel {
  return failure.code === "harness-missing" ? "L1" : otherwise;
}

function outOf(tracked: Tracked, failure: Failure): Partial<Tracked> {
  return {
    fault: faultOf(failure),
    need: needAfter(failure, "L3"),
    proofs: afterTurn(tracked.proofs, failure),
  };
}

function afterTurn(proofs: Proofs, { code }: Failure): Proofs {
  if (code === "harness-missing") return {};
  return below(proofs, code === "harness-login" ? "L2" : "L3");
}

/** A limit or a login belongs to the credential, a missing program to its harness, the rest to the candidate. */
function concerned(tracked: Tracked, failure: Failure, among: readonly Tracked[]): readonly Tracked[] {
  const credential = tracked.harness?.credential;
  if (failure.code === "harness-missing") return among.filter(({ harness }) => harness === tracked.harness);
  if (failure.class === "wait" || failure.code === "harness-login")
    return among.filter(({ harness }) => harness?.credential === credential);
  return [tracked];
}

/** A login that works again works for every candidate that it was lost for. */
function healLogin(tracker: Tracker, healed: Tracked, level: ProbeLevel): void {
  if (healed.breaker.state !== "closed") return;
  for (const other of tracker.all()) {
    const same = other.harness?.credential === healed.harness?.credential;
    if (!same || other === healed || other.fault?.code !== "harness-login") continue;
    if (other.need === "L3" && level !== "L3") continue;
    other.proofs = { ...other.proofs, ...healed.proofs };
    tracker.step(other, { kind: "proved" });
    if (other.breaker.state === "closed") other.need = "L2";
  }
}
