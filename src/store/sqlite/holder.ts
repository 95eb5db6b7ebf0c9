import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Instant } from "../../core/time.ts";

/** Names who holds the store, for people. The lock itself is the database's: the kernel frees it with the process. */
export interface Holder {
  readonly pid: number;
  readonly since: Instant;
  readonly version: string;
}

const FILE = "holder.json";

export function writeHolder(dir: string, holder: Holder): void {
  const next = join(dir, `${FILE}.${holder.pid}`);
  writeFileSync(next, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  renameSync(next, join(dir, FILE));
}

/** Who holds the store, as far as they could write it down. */
export function readHolder(dir: string): Holder | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(join(dir, FILE), "utf8"));
    return isHolder(read) ? read : undefined;
  } catch {
    // Missing or half there: the holder is being written, or had no space for it. The lock doesn't depend on it.
    return undefined;
  }
}

function isHolder(read: unknown): read is Holder {
  return typeof read === "object" && read !== null && "pid" in read && typeof read.pid === "number";
}

export function removeHolder(dir: string): void {
  rmSync(join(dir, FILE), { force: true });
}
