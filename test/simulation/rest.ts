// Whether a run has come to rest: everything that was said is accepted, ended and told.
import type { Run } from "./run-state.ts";
import { keyOf } from "./verdict.ts";

const OPEN =
  "SELECT count(*) AS n FROM entries WHERE state IN ('queued', 'held', 'running', 'answered', 'absorbed')";
const SAID = "SELECT count(*) AS n FROM entries WHERE dedupe_key GLOB 'said-*'";
const PENDING = "SELECT count(*) AS n FROM deliveries WHERE state NOT IN ('sent', 'dead')";

/** What hasn't come to its end, for the one who looks for the cause. */
export function unrest({ memory: { db }, plan }: Run): string {
  const open = db.all<{ dedupe_key: string; state: string; hold: string | null; turn: string | null }>(
    "SELECT dedupe_key, state, hold, turn FROM entries WHERE state IN ('queued', 'held', 'running', 'answered')",
  );
  const pending = db.all<{ key: string; state: string; not_before: number }>(
    "SELECT key, state, not_before FROM deliveries WHERE state NOT IN ('sent', 'dead')",
  );
  const missing = plan.said.filter(
    ({ token }) => db.get("SELECT 1 FROM entries WHERE dedupe_key = ?", keyOf(token)) === undefined,
  );
  return JSON.stringify({ open, pending, missing: missing.map(({ token }) => token) });
}

export function atRest({ memory: { db }, plan, life, world }: Run): boolean {
  if (life === null || life.owner.suspended) return false;
  const last = plan.said.at(-1)?.at ?? 0;
  if (world.time < last) return false;
  for (const sql of [OPEN, PENDING]) if ((db.get<{ n: number }>(sql)?.n ?? 0) > 0) return false;
  return (db.get<{ n: number }>(SAID)?.n ?? 0) === plan.said.length;
}
