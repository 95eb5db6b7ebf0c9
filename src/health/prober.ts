import type { Failure } from "../core/failure.ts";
import { messageOf } from "../core/errors.ts";
import type { Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Harness, ProbeLevel, ProbeResult } from "../ports/harness.ts";
import { LEVELS } from "./proofs.ts";

/** Asks a harness for a proof. Never throws; bounded by the deadline. */
export type Prober = (harness: Harness, model: string, level: ProbeLevel) => Promise<ProbeResult>;

export interface ProberDeps {
  readonly clock: Clock;
  readonly deadline: Duration;
  /** Aborted at the stop. */
  readonly stop: AbortSignal;
}

/**
 * Candidates of one harness share its file and its login: what several ask for at once is asked once. Only what
 * depends on the model is asked for each.
 */
export function createProber(deps: ProberDeps): Prober {
  const flights = new WeakMap<Harness, Map<string, Promise<ProbeResult>>>();
  return (harness, model, level) => {
    const mine = flights.get(harness) ?? new Map<string, Promise<ProbeResult>>();
    flights.set(harness, mine);
    const key = dependsOnModel(harness, level) ? `${level} ${model}` : level;
    const flying = mine.get(key);
    if (flying !== undefined) return flying;
    const flight = probeOnce(deps, harness, model, level).finally(() => mine.delete(key));
    mine.set(key, flight);
    return flight;
  };
}

/** Whether a proof of this level says something of the model, and not only of the harness. */
export function dependsOnModel(harness: Harness, level: ProbeLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(harness.modelLevel ?? "L3");
}

async function probeOnce(
  { clock, deadline, stop }: ProberDeps,
  harness: Harness,
  model: string,
  level: ProbeLevel,
): Promise<ProbeResult> {
  const late = new AbortController();
  const overdue = new Promise<ProbeResult>((resolve) => {
    const give = (): void =>
      resolve(failed(level, "harness-deadline", `no answer to a probe within ${deadline} ms`));
    late.signal.addEventListener("abort", give, { once: true });
  });
  const cancel = clock.timer(deadline, () => late.abort());
  try {
    return await Promise.race([harness.probe(model, level, AbortSignal.any([late.signal, stop])), overdue]);
  } catch (error) {
    return failed(level, "harness-failed", messageOf(error));
  } finally {
    cancel();
  }
}

function failed(level: ProbeLevel, code: Failure["code"], detail: string): ProbeResult {
  return { ok: false, level, failure: { class: "structural", code, detail } };
}
