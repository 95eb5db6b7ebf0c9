// A disk of memory that is used again: making tables and preparing statements costs more than a run's own writes.
import { migrate } from "../../src/store/sqlite/migrate.ts";
import { createMemoryDisk, type MemoryDisk } from "../../src/store/sqlite/open.ts";

export interface ReusedDisk {
  /** The same disk, as it was when it was made. */
  wipe(): MemoryDisk;
}

const TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";

export function createReusedDisk(): ReusedDisk {
  const disk = createMemoryDisk();
  const { db } = disk;
  migrate(db);
  const tables = db.all<{ name: string }>(TABLES).map(({ name }) => name);
  // What a new store has from its making.
  const filled = tables.filter((name) => db.get(`SELECT 1 FROM ${name} LIMIT 1`) !== undefined);
  for (const name of filled) db.exec(`CREATE TEMP TABLE first_${name} AS SELECT * FROM main.${name}`);
  return {
    wipe() {
      for (const name of tables) db.run(`DELETE FROM main.${name}`);
      db.run("DELETE FROM sqlite_sequence");
      for (const name of filled) db.run(`INSERT INTO main.${name} SELECT * FROM first_${name}`);
      return disk;
    },
  };
}
