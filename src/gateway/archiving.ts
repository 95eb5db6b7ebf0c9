import { homedir } from "node:os";
import { join } from "node:path";
import { backup, sweepWork, type BackupDeps } from "../archive/backup.ts";
import { createRetention } from "../archive/retention.ts";
import { purge } from "../archive/purge.ts";
import { UNDO } from "../boot/stop-plan.ts";
import { messageOf, RollcallError } from "../core/errors.ts";
import { createBlobFolder } from "../platform/blob-folder.ts";
import { systemClock } from "../platform/clock.ts";
import type { Archive } from "../ports/archive.ts";
import { configCopy, recordOf, tokenIn } from "./backup-sources.ts";
import type { ServeInput } from "./serve-input.ts";
import { version } from "./version.ts";

/** What keeps the store within bounds, and what operators do with it. */
export interface Archiving extends Archive {
  start(): void;
}

export function openArchiving({ platform, settled, opened, roll, boot }: ServeInput): Archiving {
  const { store } = opened;
  const { stateDir } = platform;
  const clock = systemClock;
  const files = createBlobFolder(join(stateDir, "attachments"));
  const log = platform.log.child("archive");
  const current = () => roll.registry.current();
  const limits = () => current().config.retention;
  const retention = createRetention({ store, files, clock, log, limits });
  boot.undo("retention", UNDO.step, () => retention.stop());
  const deps: BackupDeps = {
    store,
    stateDir,
    files,
    clock,
    log,
    version,
    home: platform.env["HOME"] ?? homedir(),
    config: (secrets) => configCopy(settled.path, secrets),
    token: () => tokenIn(stateDir),
    record: (session) => recordOf(session, current().harnesses, current().config.agents.list),
  };
  return {
    start() {
      retention.start();
      sweepWork(stateDir).catch((error: unknown) => log.warn("sweep.failed", { error: messageOf(error) }));
    },
    purge: (request, by) => purge({ store, files, clock, log }, request, by),
    backup: oneAtATime((request, by, signal) => backup(deps, request, by, signal)),
  };
}

/** Two would only be in each other's way. */
function oneAtATime(make: Archive["backup"]): Archive["backup"] {
  let busy = false;
  return async (request, by, signal) => {
    if (busy) throw new RollcallError("backup-running");
    busy = true;
    try {
      const bytes = await make(request, by, signal);
      bytes.once("close", () => void (busy = false));
      return bytes;
    } catch (error) {
      busy = false;
      throw error;
    }
  };
}
