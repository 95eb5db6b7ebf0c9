import { MINUTE, SECOND, type Duration } from "../core/time.ts";

/** When a candidate is taken out, and what bounds its coming back by itself. */
export const BREAKER = {
  /** Faults that aren't definite: so many within so long open it. */
  soft: { count: 3, within: 30 * SECOND },
  /** Heals by itself that are believed within so long. What heals more often is flapping. */
  heals: { count: 5, within: 10 * MINUTE },
  /** How long a flapping candidate must be well before it serves again. */
  latch: 10 * MINUTE,
} as const;

/**
 * The breaker of one candidate, as a value. Times are monotonic.
 *
 * open (unproven) → closed → open → half-open (a probe is on its way) → closed | open
 */
export interface Breaker {
  readonly state: "closed" | "open" | "half-open";
  /** Whether it was ever closed: the first proof heals nothing. */
  readonly proven: boolean;
  /** Recent faults that aren't definite. */
  readonly soft: readonly Duration[];
  /** Recent heals by itself. */
  readonly heals: readonly Duration[];
  /** Probes since a turn last succeeded: the exponent of the backoff. */
  readonly tries: number;
  /** It stays open until then, whatever probes say: it has healed by itself too often. */
  readonly latched: Duration | null;
}

/** What a breaker is told. */
export type BreakerEvent =
  /** A turn failed. Definite: nobody could be served; otherwise it may have been this turn alone. */
  | { readonly kind: "fault"; readonly definite: boolean }
  /** A probe of an open breaker begins. */
  | { readonly kind: "probing" }
  | { readonly kind: "proved" }
  | { readonly kind: "unproved" }
  /** A turn succeeded. */
  | { readonly kind: "turn" }
  /** A person asks for another try. */
  | { readonly kind: "reset" };

/** What a step leads to; `page`: somebody has to look, since it won't be tried by itself for a while. */
export interface BreakerStep {
  readonly breaker: Breaker;
  readonly page: boolean;
}

export const NEW_BREAKER: Breaker = {
  state: "open",
  proven: false,
  soft: [],
  heals: [],
  tries: 0,
  latched: null,
};

/** The next state of a breaker. Pure; `now` is monotonic. */
export function stepBreaker(breaker: Breaker, event: BreakerEvent, now: Duration): BreakerStep {
  switch (event.kind) {
    case "fault":
      return quiet(event.definite ? open(breaker, now) : softFault(breaker, now));
    case "probing":
      return quiet(breaker.state === "open" ? { ...breaker, state: "half-open" } : breaker);
    case "proved":
      return breaker.state === "closed" ? quiet(breaker) : heal(breaker, now);
    case "unproved":
      return quiet({
        ...open(breaker, now),
        tries: triesOf(breaker, now) + (breaker.state === "half-open" ? 1 : 0),
      });
    case "turn":
      return quiet(turned(breaker, now));
    case "reset":
      return quiet({ ...breaker, heals: [], soft: [], tries: 0, latched: null });
  }
}

function quiet(breaker: Breaker): BreakerStep {
  return { breaker, page: false };
}

/** A fault of what is latched makes it wait anew. */
function open(breaker: Breaker, now: Duration): Breaker {
  return {
    ...breaker,
    state: "open",
    soft: [],
    tries: triesOf(breaker, now),
    latched: breaker.latched === null ? null : now + BREAKER.latch,
  };
}

/** What was well for long enough begins anew. */
function triesOf(breaker: Breaker, now: Duration): number {
  const calm = breaker.state === "closed" && recent(breaker.heals, now, BREAKER.heals.within).length === 0;
  return calm ? 0 : breaker.tries;
}

function softFault(breaker: Breaker, now: Duration): Breaker {
  if (breaker.state !== "closed") return open(breaker, now);
  const soft = [...recent(breaker.soft, now, BREAKER.soft.within), now];
  return soft.length >= BREAKER.soft.count ? open(breaker, now) : { ...breaker, soft };
}

function heal(breaker: Breaker, now: Duration): BreakerStep {
  const healed: Breaker = { ...breaker, state: "closed", proven: true, soft: [], latched: null };
  if (!breaker.proven) return quiet(healed);
  if (breaker.latched !== null)
    return quiet(now < breaker.latched ? { ...breaker, state: "open" } : { ...healed, heals: [] });
  const heals = recent(breaker.heals, now, BREAKER.heals.within);
  if (heals.length >= BREAKER.heals.count)
    return { breaker: { ...breaker, state: "open", heals, latched: now + BREAKER.latch }, page: true };
  return quiet({ ...healed, heals: [...heals, now], tries: breaker.tries + 1 });
}

/** A turn is the strongest proof; it only doesn't end a latch, since what flaps has turns that succeed as well. */
function turned(breaker: Breaker, now: Duration): Breaker {
  const held = breaker.latched !== null && now < breaker.latched;
  if (held) return breaker;
  return { ...breaker, state: "closed", proven: true, soft: [], tries: 0, latched: null };
}

function recent(times: readonly Duration[], now: Duration, within: Duration): readonly Duration[] {
  return times.filter((time) => now - time <= within);
}
