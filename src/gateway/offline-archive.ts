import { join } from "node:path";
import { purge } from "../archive/purge.ts";
import { createBlobFolder } from "../platform/blob-folder.ts";
import { systemClock } from "../platform/clock.ts";
import { createLog, logFilePath } from "../platform/log.ts";
import type { Archive } from "../ports/archive.ts";
import type { Store } from "../ports/store.ts";

/** The same on the store of a gateway that isn't running. What is done is told in its log. */
export function offlineArchive(stateDir: string, store: Store): Archive & { close(): void } {
  const log = createLog({
    format: "json",
    level: "info",
    file: logFilePath(stateDir),
    secrets: { redact: (text) => text },
    write: () => undefined,
  });
  const files = createBlobFolder(join(stateDir, "attachments"));
  const deps = { store, files, clock: systemClock, log: log.child("archive") };
  return { purge: (request, by) => purge(deps, request, by), close: () => log.close() };
}
