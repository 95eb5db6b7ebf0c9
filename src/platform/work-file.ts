/**
 * What the process works on now, in a file that its sudden end leaves as it is: each piece of work has a slot, written
 * when it begins and wiped when it ends. Nothing is flushed to the disk: what was written outlives the process in the
 * system's memory, and after a crash of the machine nobody is to blame.
 *
 * Two writes of a few microseconds for each piece of work, and no commit.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../core/errors.ts";
import { WORK_STEPS } from "../core/poison.ts";
import type { Mark, WorkMarks } from "../ports/guard.ts";
import type { Log } from "../ports/log.ts";

/** Name of the file in the state directory. */
const WORK_FILE = "in-work";
/** Bytes of one slot: a batch of a hundred updates fits. */
const SLOT = 4096;
/** Slots in use at once; work beyond them isn't marked. */
const SLOTS = 2048;
const WIPED = Buffer.from("\n");
const BOOT_ID = "/proc/sys/kernel/random/boot_id";

export interface WorkFile extends WorkMarks {
  /** What an earlier process was working on when it ended. Empty after an orderly stop. */
  readonly left: readonly Mark[];
  /** What was left is kept elsewhere now: it is wiped, and marks are taken from now on. */
  begun(): void;
  /** The process is about to end by an error: what is in work now stays as it is. */
  freeze(): void;
  /** An orderly end: nothing is in work. After {@link freeze} the file stays. */
  close(): void;
}

/** Opens the file of a state directory whose lock is held. Never throws: without the file nothing is marked. */
export function openWorkFile(dir: string, log: Log): WorkFile {
  const path = join(dir, WORK_FILE);
  const boot = bootId();
  const left = readLeft(path, boot);
  const free = Array.from({ length: SLOTS }, (_, i) => SLOTS - 1 - i);
  const slots = createSlots(path, log);
  return {
    left,
    begun: () => slots.open(),
    begin(mark) {
      const slot = slots.isOpen() ? free.pop() : undefined;
      if (slot === undefined) return () => {};
      slots.write(slot, encode(mark, boot));
      return () => {
        slots.write(slot, WIPED);
        free.push(slot);
      };
    },
    freeze: () => slots.close(),
    close() {
      slots.empty();
      slots.close();
    },
  };
}

interface Slots {
  open(): void;
  isOpen(): boolean;
  write(slot: number, bytes: Buffer): void;
  empty(): void;
  close(): void;
}

/** The file itself. The first thing that fails closes it, and is said once. */
function createSlots(path: string, log: Log): Slots {
  let file: number | null = null;
  const close = (): void => {
    if (file !== null) closeSync(file);
    file = null;
  };
  const trying = (run: () => void): void => {
    try {
      run();
    } catch (error) {
      log.warn("work.not_marked", { error: messageOf(error) });
      close();
    }
  };
  return {
    open: () => trying(() => (file = openSync(path, "w", 0o600))),
    isOpen: () => file !== null,
    write(slot, bytes) {
      if (file === null) return;
      const to = file;
      trying(() => writeSync(to, bytes, 0, bytes.length, slot * SLOT));
    },
    empty() {
      if (file === null) return;
      const to = file;
      trying(() => ftruncateSync(to));
    },
    close,
  };
}

/** A line that fits into its slot; subjects that don't fit are left out. */
function encode({ step, subjects }: Mark, boot: string): Buffer {
  for (let count = subjects.length; ; count = Math.floor(count / 2)) {
    const line = Buffer.from(`${JSON.stringify([boot, step, subjects.slice(0, count)])}\n`);
    if (line.length <= SLOT || count === 0) return line;
  }
}

function readLeft(path: string, boot: string): readonly Mark[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    // No file, or none that can be read: nothing is known of an earlier end.
    return [];
  }
  const left: Mark[] = [];
  for (let at = 0; at < bytes.length; at += SLOT) {
    const mark = decode(bytes.subarray(at, at + SLOT), boot);
    if (mark !== null) left.push(mark);
  }
  return left;
}

/** Null for an empty slot, for one that was being written, and for what the machine's own end interrupted. */
function decode(slot: Buffer, boot: string): Mark | null {
  const end = slot.indexOf(0x0a);
  if (end <= 0 || slot[0] === 0) return null;
  try {
    const value: unknown = JSON.parse(slot.toString("utf8", 0, end));
    if (!Array.isArray(value) || value[0] !== boot) return null;
    const step = WORK_STEPS.find((one) => one === value[1]);
    const subjects: unknown = value[2];
    if (step === undefined || !Array.isArray(subjects)) return null;
    return { step, subjects: subjects.filter((one) => typeof one === "string") };
  } catch {
    // Cut off in the middle of the write: what was to be marked hadn't begun.
    return null;
  }
}

/** Changes with each start of the machine; empty where the system doesn't tell. */
function bootId(): string {
  try {
    return readFileSync(BOOT_ID, "latin1").trim();
  } catch {
    return "";
  }
}
