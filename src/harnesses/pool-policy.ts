/** Where the process of one session stands. A place is taken from the start to the end of the process. */
export interface Place {
  readonly key: string;
  readonly state: "starting" | "busy" | "idle" | "ending";
  /** Order in which places became idle: the smallest has been idle for longest. */
  readonly idleSince: number;
}

/** Somebody who wants the process of a session. */
export interface Waiting {
  readonly key: string;
  /** Whether the idle process of this session may be used as it is. */
  readonly fits: boolean;
}

/** What a pool does next. */
export type PoolStep =
  | { readonly do: "reuse" | "start"; readonly waiting: number }
  /** Ends an idle process: the session's own that doesn't fit, or another session's to make room. */
  | { readonly do: "end"; readonly key: string };

/**
 * The next step of a bounded pool with one process per session, undefined while there is nothing to do but wait.
 * Who came first is served first; only somebody whose own warm process is ready passes by, since that takes no place.
 * Pure: the caller applies the step and asks again.
 */
export function nextPoolStep(
  places: readonly Place[],
  waiting: readonly Waiting[],
  max: number,
): PoolStep | undefined {
  const byKey = new Map(places.map((place) => [place.key, place]));
  let freeing = places.filter(({ state }) => state === "ending").length;
  let wanted = 0;
  for (const [index, { key, fits }] of waiting.entries()) {
    const own = byKey.get(key);
    if (own?.state === "idle") return fits ? { do: "reuse", waiting: index } : { do: "end", key };
    // Its own session's process has to end or to be given back first.
    if (own !== undefined) continue;
    if (wanted === 0 && places.length < max) return { do: "start", waiting: index };
    wanted += 1;
    if (freeing > 0) {
      freeing -= 1;
      continue;
    }
    const victim = oldestIdle(places, waiting);
    if (victim !== undefined) return { do: "end", key: victim.key };
  }
  return undefined;
}

/** The process that has been idle for longest and that nobody who waits could use. */
function oldestIdle(places: readonly Place[], waiting: readonly Waiting[]): Place | undefined {
  const wanted = new Set(waiting.filter(({ fits }) => fits).map(({ key }) => key));
  return places
    .filter(({ key, state }) => state === "idle" && !wanted.has(key))
    .toSorted((a, b) => a.idleSince - b.idleSince)[0];
}
