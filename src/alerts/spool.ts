/**
 * A file of fixed size beside the store: what must be told when the store is what failed, or a start never got that
 * far. Its blocks are written when it is made, so that a full disk takes nothing away; each slot is one page, written
 * whole and brought to the disk before the write returns.
 */
import {
  closeSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Incident, QueuedAlert } from "../core/alert.ts";
import { codeOf, messageOf } from "../core/errors.ts";
import type { Log } from "../ports/log.ts";

const FILE = "alerts.spool";
const SLOT_BYTES = 4096;
const SLOTS = 16;

/** One incident with the alert of it that is on its way, if any. */
export interface SpoolEntry {
  readonly incident: Incident;
  readonly alert: QueuedAlert | null;
}

/** Never throws: what it can't do is logged, since there is nobody else left to tell. */
export interface Spool {
  /** What it holds, oldest incident first. Slots that aren't whole are skipped. */
  entries(): readonly SpoolEntry[];
  /** Keeps an entry in the place of an earlier one of its incident; true when it is on the disk. */
  put(entry: SpoolEntry): boolean;
  remove(incident: string): void;
}

/** @param dir the state directory */
export function createSpool(dir: string, log: Log): Spool {
  const path = join(dir, FILE);
  const attempt = <T>(what: string, instead: T, run: () => T): T => {
    try {
      return run();
    } catch (error) {
      log.error("alert.spool_failed", { what, error: messageOf(error) });
      return instead;
    }
  };
  attempt("make", undefined, () => prepare(path));
  const slots = (): readonly (SpoolEntry | null)[] => readSlots(path);
  const slotOf = (all: readonly (SpoolEntry | null)[], incident: string): number =>
    all.findIndex((entry) => entry?.incident.id === incident);
  return {
    entries: () =>
      attempt("read", [], () =>
        slots()
          .filter((entry) => entry !== null)
          .toSorted((a, b) => a.incident.since - b.incident.since),
      ),
    put: (entry) =>
      attempt("write", false, () => {
        prepare(path);
        const all = slots();
        const own = slotOf(all, entry.incident.id);
        const slot = own === -1 ? placeFor(all) : own;
        writeSlot(path, slot, encode(entry));
        return true;
      }),
    remove: (incident) =>
      attempt("clear", undefined, () => {
        const slot = slotOf(slots(), incident);
        if (slot !== -1) writeSlot(path, slot, Buffer.alloc(SLOT_BYTES));
      }),
  };
}

/** Makes the file with all of its blocks where it isn't there. Whole or not at all. */
function prepare(path: string): void {
  if (sizeOf(path) === SLOT_BYTES * SLOTS) return;
  const next = `${path}.next`;
  rmSync(next, { force: true });
  const fd = openSync(next, "wx", 0o600);
  try {
    writeAt(fd, Buffer.alloc(SLOT_BYTES * SLOTS), 0);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(next, path);
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}

/** A free slot, or that of the oldest incident. */
function placeFor(all: readonly (SpoolEntry | null)[]): number {
  const free = all.indexOf(null);
  if (free !== -1) return free;
  const ages = all.map((entry) => entry?.incident.since ?? 0);
  return ages.indexOf(Math.min(...ages));
}

function readSlots(path: string): readonly (SpoolEntry | null)[] {
  const bytes = readFileSync(path);
  return Array.from({ length: SLOTS }, (_, slot) =>
    decode(bytes.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES)),
  );
}

function writeSlot(path: string, slot: number, bytes: Buffer): void {
  const fd = openSync(path, "r+");
  try {
    writeAt(fd, bytes, slot * SLOT_BYTES);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeAt(fd: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
}

/** `length crc32\n`, then as much JSON, then zeros. What is too long loses words, never the entry. */
function encode(entry: SpoolEntry): Buffer {
  for (const units of [600, 200, 60, 0]) {
    const body = Buffer.from(JSON.stringify(shortened(entry, units)));
    const head = Buffer.from(`${body.length} ${crc32(body)}\n`);
    if (head.length + body.length > SLOT_BYTES) continue;
    const slot = Buffer.alloc(SLOT_BYTES);
    head.copy(slot);
    body.copy(slot, head.length);
    return slot;
  }
  return Buffer.alloc(SLOT_BYTES);
}

function shortened({ incident, alert }: SpoolEntry, units: number): SpoolEntry {
  const short = <T extends { summary: string; fix: string }>(value: T): T => ({
    ...value,
    summary: value.summary.slice(0, units).toWellFormed(),
    fix: value.fix.slice(0, units).toWellFormed(),
  });
  return {
    incident: short(incident),
    alert: alert === null ? null : { ...alert, alert: short(alert.alert) },
  };
}

function decode(slot: Buffer): SpoolEntry | null {
  const end = slot.indexOf(0x0a);
  const [, length, sum] = /^(\d+) (\d+)$/.exec(slot.toString("latin1", 0, Math.max(0, end))) ?? [];
  if (length === undefined) return null;
  const body = slot.subarray(end + 1, end + 1 + Number(length));
  if (body.length !== Number(length) || crc32(body) !== Number(sum)) return null;
  // What we wrote ourselves, whole: its sum fits.
  return JSON.parse(body.toString("utf8")) as SpoolEntry;
}
