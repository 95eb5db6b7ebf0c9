// What stands on the disk when nobody owns it.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { differenceOf, imbalancesOf } from "../../../src/health/accounting-equations.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { openStore, STORE_FILE } from "../../../src/store/sqlite/open.ts";
import { wordsOf, type Said } from "./people.ts";

/**
 * Which of these messages aren't there. It looks into a copy: opening the database itself would change what the next
 * start finds.
 */
export function notStored(state: string, messages: readonly Said[]): readonly Said[] {
  if (messages.length === 0) return [];
  const dir = mkdtempSync(join(state, "copy-"));
  try {
    for (const end of ["", "-wal"])
      if (existsSync(join(state, STORE_FILE + end)))
        copyFileSync(join(state, STORE_FILE + end), join(dir, STORE_FILE + end));
    const db = new DatabaseSync(join(dir, STORE_FILE));
    const texts = db
      .prepare("SELECT body FROM entries")
      .all()
      .map(({ body }) => String(body))
      .join("\n");
    const commands = texts.split("/whoami").length - 1;
    db.close();
    const missing = messages.filter(({ n, act }) => act !== "command" && !texts.includes(wordsOf(n)[0]));
    const said = messages.filter(({ act }) => act === "command");
    return [...missing, ...said.slice(Math.min(said.length, commands))];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What is wrong with the store of a gateway that has ended, a line each. */
export async function storeFaults(state: string): Promise<readonly string[]> {
  const faults: string[] = [];
  const store = await openStore({ dir: state, clock: systemClock, version: "crash sweep" });
  let recount = await store.recount(100_000);
  while (recount === null) recount = await store.recount(100_000);
  const imbalances = imbalancesOf(recount);
  if (differenceOf(imbalances) !== 0) faults.push(`accounting: ${JSON.stringify(imbalances)}`);
  let scan = await store.scan(100_000);
  while (scan === null) scan = await store.scan(100_000);
  if (scan.damages > 0)
    faults.push(`the store's own look found ${scan.damages} damages in ${scan.rows} rows`);
  const { done, ...others } = await store.counts();
  for (const [name, count] of Object.entries(others))
    if (count > 0) faults.push(`${count} messages ended as ${name}, ${done} as done`);
  await store.close();
  const db = new DatabaseSync(join(state, STORE_FILE));
  for (const pragma of ["integrity_check", "foreign_key_check"]) {
    const rows = db.prepare(`PRAGMA ${pragma}`).all();
    if (rows.some((row) => row["integrity_check"] !== "ok"))
      faults.push(`${pragma}: ${JSON.stringify(rows)}`);
  }
  db.close();
  return faults;
}
