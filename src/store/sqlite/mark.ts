/**
 * The mark: how far the store was, kept outside of the database. One flipped bit in the write-ahead log, or an old copy
 * put back, takes back commits that were confirmed, and the database itself calls that whole. The mark is raised after
 * each commit and before anything follows from it, so that a database that is behind it is seen.
 *
 * One file of two slots that are written in turn, each with its own checksum: a write that is torn leaves the other one.
 * The file has its size from the beginning, so that raising it needs no space.
 *
 * Keeps: I15.
 */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { hash } from "node:crypto";
import { join } from "node:path";
import { codeOf, messageOf, RollcallError } from "../../core/errors.ts";

/** Name of the file in the state directory. */
export const MARK_FILE = "store.mark";

/** Each slot has a page of the disk to itself. */
const SLOT = 4096;
const MAGIC = "rollcall mark 1";
const RECORD = 160;

/** How far a store was. */
export interface MarkRecord {
  /** The store's, made with it: another one's mark says nothing. */
  readonly identity: string;
  readonly epoch: number;
  readonly commit: number;
}

/** `missing`: there is no file. `broken`: there is one, and neither slot says what was written. */
export type MarkState = MarkRecord | "missing" | "broken";

/** A mark that is being raised. */
export interface Mark {
  /** @throws RollcallError `store-full` (nothing was raised, try again), `store-io` */
  raise(record: MarkRecord): void;
  close(): void;
}

/** What the mark says. @throws whatever the file system says but that there is no file */
export function readMark(dir: string): MarkState {
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(dir, MARK_FILE));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "missing";
    throw error;
  }
  const records = [0, SLOT].flatMap((at) => recordAt(bytes, at) ?? []);
  return records.toSorted((a, b) => b.commit - a.commit || b.epoch - a.epoch)[0] ?? "broken";
}

function recordAt(bytes: Buffer, at: number): MarkRecord | undefined {
  const [magic, identity, epoch, commit, sum] = bytes
    .toString("latin1", at, at + RECORD)
    .trimEnd()
    .split(" | ");
  if (magic !== MAGIC || identity === undefined || sum !== sumOf(identity, Number(epoch), Number(commit))) {
    return undefined;
  }
  return { identity, epoch: Number(epoch), commit: Number(commit) };
}

function sumOf(identity: string, epoch: number, commit: number): string {
  return hash("sha256", `${MAGIC} ${identity} ${epoch} ${commit}`).slice(0, 32);
}

function slotOf({ identity, epoch, commit }: MarkRecord): Buffer {
  const text = [MAGIC, identity, epoch, commit, sumOf(identity, epoch, commit)].join(" | ");
  return Buffer.from(text.padEnd(RECORD - 1).concat("\n"), "latin1");
}

/** Makes the file anew, whole or not at all, and opens it. */
export function makeMark(dir: string, record: MarkRecord): Mark {
  const path = join(dir, MARK_FILE);
  const next = `${path}.new`;
  rmSync(next, { force: true });
  const fd = openSync(next, "wx", 0o600);
  try {
    const whole = Buffer.alloc(2 * SLOT, " ");
    slotOf(record).copy(whole);
    slotOf(record).copy(whole, SLOT);
    writeSync(fd, whole, 0, whole.length, 0);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(next, path);
  syncFolder(dir);
  return openMark(dir, 0);
}

/** Opens the file that is there. The first raise leaves the newest slot alone. */
export function openMark(dir: string, commit: number): Mark {
  const path = join(dir, MARK_FILE);
  const fd = openSync(path, "r+");
  const bytes = readFileSync(path);
  let slot = recordAt(bytes, 0)?.commit === commit ? 1 : 0;
  return {
    raise(record) {
      try {
        writeSync(fd, slotOf(record), 0, RECORD, slot * SLOT);
        fdatasyncSync(fd);
      } catch (error) {
        const full = codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT";
        const detail = `the mark: ${messageOf(error)}`;
        throw new RollcallError(full ? "store-full" : "store-io", { detail, cause: error });
      }
      slot = 1 - slot;
    },
    close: () => closeSync(fd),
  };
}

/** A file's name is durable when its folder is. */
function syncFolder(dir: string): void {
  const fd = openSync(dir, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
