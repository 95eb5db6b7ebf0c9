import type { Duration } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import { createPairings, createTokens } from "./access.ts";
import { createAlertStore } from "./alerts.ts";
import { createClearing } from "./clear.ts";
import { createCommitter } from "./committer.ts";
import type { StoreContext } from "./context.ts";
import { createDamages } from "./damages.ts";
import { reportingReads, type Database } from "./database.ts";
import { createDeadLetters } from "./dead-letters.ts";
import { createOutboxStore } from "./deliveries.ts";
import { createOutboxPages } from "./outbox-pages.ts";
import { createInboxStore } from "./inbox.ts";
import { createIntegrity } from "./integrity.ts";
import { createLaneReads, createPressureReads } from "./lanes.ts";
import { createLeftovers } from "./leftovers.ts";
import { createNotes } from "./notes.ts";
import { createReads } from "./reads.ts";
import { createRecount } from "./recount.ts";
import { createSessions } from "./sessions.ts";
import { createSnapshots } from "./snapshot.ts";
import { createSuspects } from "./suspects.ts";
import { createTurns } from "./turns.ts";
import { createVet } from "./vet.ts";

export interface StoreParts {
  readonly db: Database;
  readonly epoch: number;
  readonly clock: Clock;
  readonly defer: (run: () => void) => void;
  readonly committed: (commit: number) => void;
  /** Absolute path of the database; null in memory. */
  readonly file: string | null;
  /** Called once, when everything is committed: lets go of the database. `failed`: nothing may be written to it. */
  readonly release: (failed: boolean) => void;
}

/** Puts the parts of the store together over one connection that is owned already. */
export function createStore({ db: raw, epoch, clock, defer, committed, file, release }: StoreParts): Store {
  let timed: (took: Duration) => void = () => {};
  const damages = createDamages();
  const committer = createCommitter({
    db: raw,
    epoch,
    defer,
    committed,
    clock,
    timed: (took) => timed(took),
    damaged: (detail) => damages.report({ part: "index", id: "unknown", detail, setAside: false }),
  });
  const db = reportingReads(raw, (fault) => {
    damages.report({ part: "file", id: "store", detail: fault.message, setAside: false });
    committer.fail(fault);
  });
  const vet = createVet({ db, epoch, clock, committer, damages });
  const context: StoreContext = { db, epoch, clock, committer, damages, vet };
  let closed = false;
  return {
    epoch,
    ...createInboxStore(context),
    ...createLaneReads(context),
    ...createTurns(context),
    ...createSessions(context),
    ...createOutboxStore(context),
    ...createOutboxPages(context),
    ...createReads(context),
    ...createRecount(context),
    ...createPairings(context),
    ...createTokens(context),
    ...createNotes(context),
    ...createAlertStore(context),
    ...createSuspects(context),
    ...createPressureReads(context),
    ...createClearing(context),
    ...createLeftovers(context),
    ...createSnapshots(context, file),
    ...createIntegrity(context),
    ...createDeadLetters(context),
    onCommit: (watch) => void (timed = watch),
    async probe() {
      const begun = clock.monotonic();
      await committer.write(() => undefined);
      if (damages.intakeClosed !== null) throw damages.intakeClosed;
      return clock.monotonic() - begun;
    },
    async close() {
      if (closed) return;
      closed = true;
      committer.close();
      release(committer.failed);
    },
  };
}
