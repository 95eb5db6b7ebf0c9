import { Buffer } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import { RollcallError } from "../../core/errors.ts";

/** Bounds of one look into a record, which may have grown for months. */
export const RECORD_LIMITS = {
  /** Read at once. */
  chunk: 256 * 1024,
  /** How far back from the end a prompt is looked for. */
  back: 256 * 1024 * 1024,
  /** Longest line that is read; a longer one (a tool's result, images) is passed over. */
  line: 16 * 1024 * 1024,
} as const;

const NEWLINE = 0x0a;

/** One line of the record, with where it begins and whether it is whole: a kill may have torn the last one. */
export interface RecordLine {
  readonly at: number;
  readonly text: string;
  readonly whole: boolean;
}

/**
 * The lines that hold these bytes, the last one first. Reads back from the end, one chunk at a time.
 *
 * @throws RollcallError `harness-failed` past `RECORD_LIMITS.back`
 */
export async function* linesWith(file: FileHandle, size: number, bytes: Buffer): AsyncGenerator<RecordLine> {
  let end = size;
  while (end > 0) {
    if (size - end > RECORD_LIMITS.back)
      throw new RollcallError("harness-failed", {
        detail: "the session's record is too long to be searched",
      });
    const from = Math.max(0, end - RECORD_LIMITS.chunk);
    // What begins in this chunk may end in the next one.
    const chunk = await readAt(file, from, Math.min(size, end + bytes.length - 1) - from);
    for (let hit = chunk.lastIndexOf(bytes); hit >= 0;) {
      const line = await lineAround(file, size, from + hit);
      yield line;
      hit = line.at > from ? chunk.lastIndexOf(bytes, line.at - from - 1) : -1;
    }
    end = from;
  }
}

/** The lines from a line's beginning on. Lines beyond the bound are left out. */
export async function* linesFrom(file: FileHandle, size: number, at: number): AsyncGenerator<RecordLine> {
  let begun: Buffer[] = [];
  let length = 0;
  let start = at;
  for (let from = at; from < size; from += RECORD_LIMITS.chunk) {
    const chunk = await readAt(file, from, Math.min(RECORD_LIMITS.chunk, size - from));
    let rest = 0;
    for (let stop = chunk.indexOf(NEWLINE); stop >= 0; stop = chunk.indexOf(NEWLINE, rest)) {
      if (length + stop - rest <= RECORD_LIMITS.line)
        yield { at: start, whole: true, text: textOf([...begun, chunk.subarray(rest, stop)]) };
      begun = [];
      length = 0;
      rest = stop + 1;
      start = from + rest;
    }
    length += chunk.length - rest;
    if (length <= RECORD_LIMITS.line) begun.push(chunk.subarray(rest));
    else begun = [];
  }
  if (length > 0 && length <= RECORD_LIMITS.line) yield { at: start, whole: false, text: textOf(begun) };
}

/** The line around a place, cut at the bound on both sides. */
async function lineAround(file: FileHandle, size: number, at: number): Promise<RecordLine> {
  const begin = await before(file, at);
  const [line] = await take(linesFrom(file, Math.min(size, begin + RECORD_LIMITS.line), begin));
  return line ?? { at: begin, text: "", whole: false };
}

/** Where the line of a place begins. */
async function before(file: FileHandle, at: number): Promise<number> {
  const last = Math.max(0, at - RECORD_LIMITS.line);
  for (let end = at; end > last;) {
    const from = Math.max(last, end - RECORD_LIMITS.chunk);
    const found = (await readAt(file, from, end - from)).lastIndexOf(NEWLINE);
    if (found >= 0) return from + found + 1;
    end = from;
  }
  return last;
}

async function take(lines: AsyncGenerator<RecordLine>): Promise<readonly RecordLine[]> {
  for await (const line of lines) return [line];
  return [];
}

async function readAt(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, length));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function textOf(parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString("utf8");
}
