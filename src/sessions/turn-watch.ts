import type { TurnLimits } from "../core/config.ts";
import type { Failure } from "../core/failure.ts";
import type { Clock } from "../ports/clock.ts";
import type { HarnessEvent } from "../ports/harness.ts";

type Deadline = NonNullable<Failure["deadline"]>;

/** The clock of one turn. */
export interface TurnWatch {
  /** Tells it what happened: silence is counted anew. */
  saw(event: HarnessEvent): void;
  stop(): void;
}

/**
 * Runs a turn's deadlines: `firstEvent` until something moves, then `idle` while nothing is open, `toolIdle` while a
 * tool is, none while a permission or a compaction is (those have bounds of their own), `total` over all.
 * Calls `expired` at most once.
 */
export function watchTurn(
  clock: Clock,
  limits: TurnLimits,
  expired: (deadline: Deadline) => void,
): TurnWatch {
  const open = new Map<string, "tool" | "permission" | "compaction">();
  let cancelSilence = (): void => {};
  let over = false;
  const stop = (): void => {
    over = true;
    cancelSilence();
    cancelTotal();
  };
  const expire = (deadline: Deadline): void => {
    if (over) return;
    stop();
    expired(deadline);
  };
  const cancelTotal = clock.timer(limits.total, () => expire("total"));
  const arm = (deadline: Deadline): void => {
    cancelSilence();
    if (!over) cancelSilence = clock.timer(limits[deadline], () => expire(deadline));
  };
  arm("firstEvent");
  return {
    stop,
    saw(event) {
      if (event.kind === "opened") open.set(event.id, event.what);
      if (event.kind === "closed") open.delete(event.id);
      const kinds = new Set(open.values());
      if (kinds.has("permission") || kinds.has("compaction")) cancelSilence();
      else arm(kinds.has("tool") ? "toolIdle" : "idle");
    },
  };
}
