import { ENDED_STATES, type EndedState } from "../core/entry.ts";
import { RollcallError } from "../core/errors.ts";
import type { MessageId } from "../core/ids.ts";
import type { Duration } from "../core/time.ts";
import type { BlobFolder } from "../ports/blobs.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Purged, PurgeRequest, RetentionStore } from "../ports/retention.ts";
import { clearFilesOf } from "./clear-files.ts";
import { PURGE } from "./limits.ts";

export interface PurgeDeps {
  readonly store: RetentionStore;
  readonly files: BlobFolder;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Clears ended messages away because somebody asked for it, and leaves a line in the log of who and what. Comes back
 * after a while with `more` when there is more to do: then it is asked again.
 *
 * @param by who asks, for the log
 * @throws RollcallError `no-such-id`, `state-conflict` for an id; `usage` for a request that names nothing
 */
export async function purge(deps: PurgeDeps, request: PurgeRequest, by: string): Promise<Purged> {
  const done =
    request.id === null ? await purgeMany(deps, request) : await purgeOne(deps, request.id, request.dryRun);
  const { files, ...result } = done;
  const deleted = request.dryRun ? 0 : await clearFilesOf(deps, files);
  const total = Object.values(result.purged).reduce((sum, n) => sum + n, 0);
  if (!request.dryRun && total > 0)
    deps.log.info("messages.purged", {
      by,
      ...result.purged,
      files: deleted,
      id: request.id,
      before: request.olderThan,
    });
  return { ...result, total, dryRun: request.dryRun };
}

interface Done {
  readonly purged: Readonly<Partial<Record<EndedState, number>>>;
  readonly more: boolean;
  readonly files: readonly string[];
}

async function purgeOne({ store }: PurgeDeps, id: MessageId, dryRun: boolean): Promise<Done> {
  const cleared = await store.clearOne(id, dryRun);
  if (cleared === null) throw new RollcallError("no-such-id", { detail: id });
  if (cleared === false)
    throw new RollcallError("state-conflict", {
      detail: `message ${id} isn't at its end, or something of it is still to be sent`,
    });
  return { purged: { [cleared.state]: 1 }, more: false, files: cleared.files };
}

async function purgeMany({ store, clock }: PurgeDeps, request: PurgeRequest): Promise<Done> {
  const { olderThan, states, dryRun } = request;
  if (olderThan === null && states.length === 0)
    throw new RollcallError("usage", { detail: "a purge names an id, an age or states" });
  const until: Duration = clock.monotonic() + PURGE.within;
  // What ends while it runs isn't meant.
  const before = clock.now() + 1 - (olderThan ?? 0);
  const purged: Partial<Record<EndedState, number>> = {};
  const files: string[] = [];
  for (const state of states.length === 0 ? ENDED_STATES : states)
    for (let after: number | null = 0; after !== null;) {
      if (clock.monotonic() > until && !dryRun) return { purged, more: true, files };
      const cleared = await store.clear({ state, before, after, rows: PURGE.rows, dryRun });
      if (cleared.count > 0) purged[state] = (purged[state] ?? 0) + cleared.count;
      files.push(...cleared.files);
      after = cleared.next;
      await clock.sleep(PURGE.pause);
    }
  return { purged, more: false, files };
}
