import { ENDED_STATES } from "../core/entry.ts";
import { RollcallError } from "../core/errors.ts";
import type { MessageId } from "../core/ids.ts";
import { parseDuration, type Duration } from "../core/time.ts";
import { offlineArchive } from "../gateway/offline-archive.ts";
import type { Store } from "../ports/store.ts";
import type { Json } from "./client.ts";
import type { Operations } from "./operations.ts";

/** A purge of the store of a gateway that isn't running. The command has checked what it asks for. */
export async function offlinePurge(
  stateDir: string,
  store: Store,
  { id, before, states = [], dryRun }: Parameters<Operations["purge"]>[0],
): Promise<Json> {
  const archive = offlineArchive(stateDir, store, { config: undefined, env: {}, cwd: stateDir });
  try {
    const request = {
      id: (id ?? null) as MessageId | null,
      olderThan: before === undefined ? null : readAge(before),
      states: ENDED_STATES.filter((state) => states.includes(state)),
      dryRun,
    };
    return { ...(await archive.purge(request, "command line")) };
  } finally {
    archive.close();
  }
}

/** An age that isn't understood must not become "any age". @throws RollcallError `usage` */
function readAge(text: string): Duration {
  const age = parseDuration(text);
  if (age === undefined)
    throw new RollcallError("usage", { detail: "--before takes a duration, such as 30d" });
  return age;
}
