import { open, type FileHandle } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { codeOf } from "../core/errors.ts";

/** Where reading a file has come to. */
export interface FilePlace {
  /** Inode: another one under the same name is the next file. */
  readonly file: number;
  readonly bytes: number;
}

/** What is read of the end of a file at most, in bytes. */
const TAIL = 8 * 1024 * 1024;
const LOOK_EVERY = 250;

/** Prints the last lines of a file, and returns where it ended; null when there is none. */
export async function lastLines(
  path: string,
  count: number,
  print: (line: string) => void,
): Promise<FilePlace | null> {
  await using file = await openIfThere(path);
  if (file === null) return null;
  const { ino, size } = await file.stat();
  const from = Math.max(0, size - TAIL);
  const text = await readText(file, from, size);
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const lines = whole.split("\n").slice(from > 0 ? 1 : 0, -1);
  for (const line of count === 0 ? [] : lines.slice(-count)) print(line);
  return { file: ino, bytes: from + Buffer.byteLength(whole) };
}

/** Prints whole lines as they come, through turns of the file, until `signal` aborts. */
export async function followFile(
  path: string,
  from: FilePlace | null,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let place = from;
  while (!signal.aborted) {
    place = await printNew(path, place, print);
    await pause(LOOK_EVERY, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

async function printNew(
  path: string,
  place: FilePlace | null,
  print: (line: string) => void,
): Promise<FilePlace | null> {
  await using file = await openIfThere(path);
  if (file === null) return place;
  const { ino, size } = await file.stat();
  const same = place !== null && place.file === ino && size >= place.bytes;
  if (place !== null && !same) await printRest(`${path}.1`, place, print);
  const start = same ? place.bytes : 0;
  return { file: ino, bytes: start + (await printWhole(file, start, size, print)) };
}

/** The file was turned over: its end stands under the next name. */
async function printRest(path: string, place: FilePlace, print: (line: string) => void): Promise<void> {
  await using file = await openIfThere(path);
  if (file === null) return;
  const { ino, size } = await file.stat();
  if (ino === place.file) await printWhole(file, place.bytes, size, print);
}

/** Prints the whole lines of a part and returns how many bytes they are. */
async function printWhole(
  file: FileHandle,
  from: number,
  to: number,
  print: (line: string) => void,
): Promise<number> {
  const text = await readText(file, from, Math.min(to, from + TAIL));
  const end = text.lastIndexOf("\n") + 1;
  for (const line of text.slice(0, end).split("\n").slice(0, -1)) print(line);
  return Buffer.byteLength(text.slice(0, end));
}

async function readText(file: FileHandle, from: number, to: number): Promise<string> {
  const buffer = Buffer.alloc(Math.max(0, to - from));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
  return buffer.subarray(0, bytesRead).toString("utf8");
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw error;
  }
}
