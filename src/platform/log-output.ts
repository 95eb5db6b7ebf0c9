import { writeSync } from "node:fs";
import { codeOf } from "../core/errors.ts";

/** How often a full pipe is tried again, a millisecond apart, before the line is dropped. */
const TRIES = 50;

/**
 * Writes lines to standard output, synchronously. A reader that went away ends the writing for good; one that doesn't
 * keep up on a pipe that doesn't block costs lines, which are counted and told. Never throws.
 *
 * @param put writes some bytes and returns how many, as `fs.writeSync` does
 */
export function createLogOutput(
  put: (bytes: Uint8Array) => number = (bytes) => writeSync(1, bytes),
): (line: string) => void {
  let gone = false;
  let dropped = 0;
  /** Whether a line was begun and not finished. */
  let broken = false;

  const writeWhole = (text: string): boolean => {
    const bytes = Buffer.from(text);
    let at = 0;
    for (let tries = 0; at < bytes.length && tries < TRIES && !gone;) {
      try {
        at += put(bytes.subarray(at));
      } catch (error) {
        const code = codeOf(error);
        gone = code !== "EAGAIN" && code !== "EINTR";
        tries++;
        if (!gone) pause();
      }
    }
    broken = at > 0 && at < bytes.length;
    return at === bytes.length;
  };

  return (line) => {
    if (gone) return;
    if (dropped > 0 && writeWhole(droppedLine(dropped, broken))) dropped = 0;
    if (dropped > 0 || !writeWhole(line)) dropped++;
  };
}

const NEVER = new Int32Array(new SharedArrayBuffer(4));

function pause(): void {
  Atomics.wait(NEVER, 0, 0, 1);
}

function droppedLine(dropped: number, broken: boolean): string {
  const line = {
    time: new Date().toISOString(),
    level: "warn",
    component: "log",
    event: "log.dropped",
    dropped,
  };
  return `${broken ? "\n" : ""}${JSON.stringify(line)}\n`;
}
