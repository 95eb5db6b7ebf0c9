/**
 * Sets the wall clock of one process ahead or back, as a file says. It is loaded before the gateway of a drill, and
 * only there: the program itself has no way to be told another time. Handed over as text, like the stand-in.
 */
import type * as Fs from "node:fs";

const LOOK_EVERY = 20;

/** Uses nothing but what it is given. */
function shiftClock(fs: typeof Fs, file: string, lookEvery: number): void {
  const Real = Date;
  let offset = 0;
  setInterval(() => {
    const told = fs.existsSync(file) ? Number(fs.readFileSync(file, "utf8")) : 0;
    if (Number.isSafeInteger(told)) offset = told;
  }, lookEvery).unref();
  const now = (): number => Real.now() + offset;
  globalThis.Date = new Proxy(Real, {
    construct: (target, args, as) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, as) as object,
    get: (target, key, receiver): unknown =>
      key === "now" ? now : (Reflect.get(target, key, receiver) as unknown),
  });
}

/** The program, for `node --require`; `file` holds the offset in milliseconds. */
export function clockShiftProgram(file: string): string {
  return `"use strict";\n(${String(shiftClock)})(require("node:fs"), ${JSON.stringify(file)}, ${LOOK_EVERY});\n`;
}
