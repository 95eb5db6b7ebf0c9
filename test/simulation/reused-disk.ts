// A disk of memory that is used again: making tables and preparing statements costs more than a run's own writes.
import { createFakeClock } from "../fakes/clock.ts";
import { createMemoryDisk, openMemoryStore, type MemoryDisk } from "../../src/store/sqlite/open.ts";

export interface ReusedDisk {
  /** The same disk, as it was when it was made. */
  wipe(): MemoryDisk;
}

const TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";

export async function createReusedDisk(): Promise<ReusedDisk> {
  const disk = createMemoryDisk();
  const { db } = disk;
  const store = await openMemoryStore(createFakeClock(), disk);
  await store.close();
  const tables = db.all<{ name: string }>(TABLES).map(({ name }) => name);
  // What a new store has from its making; the epoch that this opening took is given back.
  db.exec("CREATE TEMP TABLE first_meta AS SELECT * FROM meta; UPDATE first_meta SET epoch = 0, commits = 0");
  return {
    wipe() {
      for (const name of tables) db.run(`DELETE FROM ${name}`);
      db.run("DELETE FROM sqlite_sequence");
      db.run("INSERT INTO meta SELECT * FROM first_meta");
      return disk;
    },
  };
}
