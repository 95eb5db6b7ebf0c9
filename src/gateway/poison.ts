import { messageOf } from "../core/errors.ts";
import { UNDO } from "../boot/stop-plan.ts";
import { systemClock } from "../platform/clock.ts";
import { openWorkFile } from "../platform/work-file.ts";
import { blamedOf, raiseSuspects } from "../poison/evidence.ts";
import { createGuard, type KnowingGuard } from "../poison/guard.ts";
import { quarantineConvicted } from "../poison/quarantine.ts";
import type { Events } from "../ports/events.ts";
import type { ServeInput } from "./serve-input.ts";

export interface Poison {
  readonly guard: KnowingGuard;
  /** Sets aside what crashed the process too often. Before anything of an earlier gateway is put back. */
  settle(events: Events): Promise<void>;
}

/** Reads what the last process was working on when it ended, and watches over what this one works on. */
export async function openPoison(input: ServeInput): Promise<Poison> {
  const { platform, opened, stage, boot } = input;
  const { store } = opened;
  const log = platform.log.child("poison");
  const file = openWorkFile(platform.stateDir, log);
  const now = systemClock.now();
  const { suspects, changed } = raiseSuspects(await store.suspects(), file.left, now);
  if (file.left.length > 0) log.warn("process.crashed", { inWork: file.left });
  try {
    if (changed.length > 0) await store.keepSuspects(changed);
    file.begun();
  } catch (error) {
    // Left as it is, the next start finds it again.
    log.error("suspects.not_kept", { error: messageOf(error) });
  }
  stage.freeze = () => file.freeze();
  boot.undo("work marks", UNDO.step, () => file.close());
  const blamed = blamedOf(suspects, file.left);
  const guard = createGuard({ marks: file, store, clock: systemClock, log }, suspects, blamed);
  return {
    guard,
    async settle(events) {
      const settled = await quarantineConvicted(
        { store, events, log, processes: platform.processes, clock: systemClock, ids: platform.ids },
        suspects,
      );
      guard.know(settled.suspects);
    },
  };
}
