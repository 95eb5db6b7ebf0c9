import type { WorkStep } from "../../core/poison.ts";
import type { SuspectStore } from "../../ports/guard.ts";
import type { StoreContext } from "./context.ts";

/** More things than are ever in work at once. */
const KEPT = 10_000;

export function createSuspects({ db, committer }: StoreContext): SuspectStore {
  return {
    async suspects() {
      return db
        .all<{ subject: string; step: WorkStep; crashes: number; at: number }>(
          "SELECT subject, step, crashes, at FROM suspects ORDER BY at, subject, step",
        )
        .map(({ subject, step, crashes, at }) => ({ subject, step, crashes, at }));
    },
    keepSuspects: (suspects) =>
      committer.write(() => {
        for (const { subject, step, crashes, at } of suspects) {
          if (crashes === 0) db.run("DELETE FROM suspects WHERE subject = ? AND step = ?", subject, step);
          else db.run("INSERT OR REPLACE INTO suspects VALUES (?, ?, ?, ?)", subject, step, crashes, at);
        }
        db.run(
          `DELETE FROM suspects WHERE (subject, step) NOT IN
             (SELECT subject, step FROM suspects ORDER BY at DESC, subject LIMIT ?)`,
          KEPT,
        );
      }),
  };
}
