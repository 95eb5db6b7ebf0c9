import { join } from "node:path";
import { createRetention } from "../archive/retention.ts";
import { purge } from "../archive/purge.ts";
import { UNDO } from "../boot/stop-plan.ts";
import { createBlobFolder } from "../platform/blob-folder.ts";
import { systemClock } from "../platform/clock.ts";
import type { Archive } from "../ports/archive.ts";
import type { ServeInput } from "./serve-input.ts";

/** What keeps the store within bounds, and what operators do with it. */
export interface Archiving extends Archive {
  start(): void;
}

export function openArchiving({ platform, opened, roll, boot }: ServeInput): Archiving {
  const { store } = opened;
  const clock = systemClock;
  const files = createBlobFolder(join(platform.stateDir, "attachments"));
  const log = platform.log.child("archive");
  const limits = () => roll.registry.current().config.retention;
  const retention = createRetention({ store, files, clock, log, limits });
  boot.undo("retention", UNDO.step, () => retention.stop());
  return {
    start: () => retention.start(),
    purge: (request, by) => purge({ store, files, clock, log }, request, by),
  };
}
