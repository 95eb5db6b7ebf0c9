import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../core/errors.ts";
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

/**
 * The process that the kernel names for a lock on a file; undefined where it names none. Its lines: `1: POSIX ADVISORY
 * WRITE 4711 fd:01:1234 …`, with the device in hexadecimal and the inode (proc(5), /proc/locks).
 */
export function lockHolder(path: string): number | undefined {
  try {
    const { ino } = statSync(path);
    const lines = readFileSync("/proc/locks", "utf8").split("\n");
    const held = lines.find((line) => new RegExp(`\\bWRITE\\s+\\d+ \\w+:\\w+:${ino} `).test(line));
    const pid = Number(/\bWRITE\s+(\d+) /.exec(held ?? "")?.[1] ?? 0);
    return pid > 0 ? pid : undefined;
  } catch (error) {
    // Not Linux, or no file: then only the holder itself can say who it is.
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

function isHolder(read: unknown): read is Holder {
  return typeof read === "object" && read !== null && "pid" in read && typeof read.pid === "number";
}

export function removeHolder(dir: string): void {
  rmSync(join(dir, FILE), { force: true });
}
