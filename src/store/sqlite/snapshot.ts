import { spawn } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { codeOf, messageOf, RollcallError } from "../../core/errors.ts";
import type { KnownSession, Snapshot, SnapshotStore } from "../../ports/snapshot.ts";
import type { StoreContext } from "./context.ts";
import { COPY_PROGRAM, type CopyLine, type CopyOrder } from "./copy-process.ts";
import type { Database } from "./database.ts";

/** Left free beside the copy, so that the gateway's own writes find space. */
const SPARE_BYTES = 64 * 1024 * 1024;

/** Number of the last commit. */
const COMMIT_SQL = "SELECT value AS n FROM counters WHERE name = 'store:commits'";

const SESSIONS_SQL = `SELECT DISTINCT harness, native, agent FROM (
  SELECT h.harness, h.native, s.agent FROM harness_sessions h JOIN sessions s ON s.key = h.session
  UNION ALL SELECT harness, native_session, agent FROM turns WHERE state = 'prompted')
  WHERE harness IS NOT NULL AND native IS NOT NULL AND agent IS NOT NULL`;

/** @param file the database; null for a store in memory */
export function createSnapshots(
  { db, committer }: Pick<StoreContext, "db" | "committer">,
  file: string | null,
): SnapshotStore {
  return {
    async snapshot(path, signal) {
      if (file === null) throw new RollcallError("not-supported", { detail: "this store has no files" });
      if (existsSync(path)) throw new RollcallError("store-io", { detail: "there is a file already" });
      await proveSpace(file, path);
      const release = committer.holdCheckpoints();
      try {
        // After this the log holds a frame that isn't in the database, so that it can't begin anew while it is copied.
        const least = await committer.write(() => commitOf(db));
        return await copy({ from: file, to: path, commitSql: COMMIT_SQL, sessionsSql: SESSIONS_SQL }, least, {
          signal,
          copied: release,
        });
      } catch (error) {
        for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(`${path}${end}`, { force: true });
        throw error;
      } finally {
        release();
      }
    },
  };
}

function commitOf(db: Database): number {
  return db.get<{ n: number }>(COMMIT_SQL)?.n ?? 0;
}

async function proveSpace(file: string, path: string): Promise<void> {
  const sizeOf = (name: string): number => statSync(name, { throwIfNoEntry: false })?.size ?? 0;
  const { bavail, bsize } = await statfs(dirname(path));
  const needed = sizeOf(file) + 2 * sizeOf(`${file}-wal`) + SPARE_BYTES;
  if (bavail * bsize < needed)
    throw new RollcallError("store-full", {
      detail: `a copy of the store needs ${Math.ceil(needed / 1024 / 1024)} MiB of free space`,
    });
}

/** Runs the copying process. @param least the commit that must be in the copy */
async function copy(
  order: CopyOrder,
  least: number,
  { signal, copied }: { readonly signal: AbortSignal; readonly copied: () => void },
): Promise<Snapshot> {
  const child = spawn(process.execPath, ["--no-warnings", "-e", COPY_PROGRAM, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "ignore"],
    env: {},
    signal,
  });
  let result: CopyLine | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  yieldTo(child.pid);
  const reading = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      result = JSON.parse(line) as CopyLine;
      if ("copied" in result) copied();
    }
  })();
  try {
    await Promise.all([ended, reading]);
  } catch (error) {
    throw new RollcallError("store-io", { detail: `the copy broke off: ${messageOf(error)}`, cause: error });
  }
  return proven(result, least);
}

function proven(result: CopyLine | undefined, least: number): Snapshot {
  if (result === undefined || "copied" in result)
    throw new RollcallError("store-io", { detail: "the copying process ended early" });
  if ("fault" in result) {
    const full = result.code === "ENOSPC" || result.code === "EDQUOT";
    throw new RollcallError(full ? "store-full" : "store-unreadable", { detail: result.fault });
  }
  if (result.commit < least)
    throw new RollcallError("store-unreadable", {
      detail: `the copy ends with commit ${result.commit}, and commit ${least} was made before it`,
    });
  return { ...result, sessions: result.sessions as readonly KnownSession[] };
}

/** Whoever sends a message comes first. */
function yieldTo(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch (error) {
    // It has ended already.
    if (codeOf(error) !== "ERR_SYSTEM_ERROR") throw error;
  }
}
