/**
 * What is read to be used is held against its hash first: a prompt is made of nothing, and nothing is sent, that isn't
 * as it was written. What fails is reported and set aside; what is at its end already stays where it is.
 *
 * Keeps: I15.
 */
import type { Damage } from "../../ports/integrity.ts";
import { tailFault } from "./chain.ts";
import type { StoreContext, Tx, Vet } from "./context.ts";
import { entryAt } from "./entry-steps.ts";
import { askForRebuild } from "./rebuild.ts";
import type { DeliveryRow, EntryRow } from "./rows.ts";
import { deliverySeal, isIntact, turnSeal } from "./seals.ts";
import { deliveryAt, setDeliveryAside, setEntryAside } from "./set-aside.ts";

type VetParts = Pick<StoreContext, "db" | "epoch" | "clock" | "committer" | "damages">;

export function createVet({ db, epoch, clock, committer, damages }: VetParts): Vet {
  const tx: Tx = { db, epoch };
  /** Rows that are being set aside, so that a look meanwhile doesn't do it again. */
  const leaving = new Set<string>();
  const later = (what: string, work: () => unknown): void => {
    if (leaving.has(what)) return;
    leaving.add(what);
    // A row whose own index entries are damaged can't be changed; it stays, and is passed over by every look at it.
    const settle = (): void => void leaving.delete(what);
    committer.write(work).then(settle, settle);
  };
  const wrongIndex = (id: string): void => {
    damages.report({ part: "index", id, detail: "it shows another row than the table", setAside: false });
    later("rebuild", () => askForRebuild(tx));
  };
  const doubt = (row: EntryRow, part: Damage["part"], detail: string): boolean => {
    const setAside = row.state === "queued" || row.state === "held" || row.state === "running";
    if (setAside) later(`entry ${row.seq}`, () => setEntryAside(tx, row.seq, detail, clock.now()));
    return damages.report({ part, id: row.id, detail, setAside });
  };
  const entry = (row: EntryRow): boolean => {
    if (isIntact(row)) return true;
    const stored = entryAt(tx, row.seq);
    if (stored !== undefined && isIntact(stored)) {
      wrongIndex("entries");
    } else doubt(stored ?? row, "entry", "the row isn't the one that was written");
    return false;
  };
  const delivery = (row: DeliveryRow): boolean => {
    if (row.seal === deliverySeal(row)) return true;
    const stored = deliveryAt(tx, row.seq);
    if (stored !== undefined && stored.seal === deliverySeal(stored)) {
      wrongIndex("deliveries");
      return false;
    }
    const setAside = row.state !== "sent" && row.state !== "dead";
    if (setAside) later(`delivery ${row.seq}`, () => setDeliveryAside(tx, row.seq, clock.now()));
    damages.report({
      part: "delivery",
      id: row.id,
      detail: "the row isn't the one that was written",
      setAside,
    });
    return false;
  };
  return {
    entries: (rows) => rows.filter(entry),
    toRun(row) {
      if (!entry(row)) return false;
      const fault = tailFault(tx, row);
      if (fault !== null) doubt(row, "history", fault);
      return fault === null;
    },
    turn(row) {
      if (row.seal === turnSeal(row)) return true;
      const detail = "the row isn't the one that was written";
      damages.report({ part: "turn", id: row.id, detail, setAside: false });
      return false;
    },
    deliveries: (rows) => rows.filter(delivery),
    doubt,
  };
}
