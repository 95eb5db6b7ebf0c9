// What a process does at its failpoints: nothing, or its end.
import { appendFileSync, writeSync } from "node:fs";
import process from "node:process";
import { FAILPOINT, parseFailpoint, PASSED, type Point, type Step } from "./points.ts";

const wanted = process.env[FAILPOINT];
const failpoint = wanted === undefined ? undefined : parseFailpoint(wanted);
const trace = process.env[PASSED];
const passed = new Set<Point>();
let left = failpoint?.times ?? 0;

if (wanted !== undefined && failpoint === undefined)
  throw new TypeError(`${FAILPOINT}: there is no point "${wanted}"`);

/** Called at each point. At the wanted passing of the wanted one the process kills itself, as `kill -9` would. */
export function pass(point: Point): void {
  if (trace !== undefined && !passed.has(point)) {
    passed.add(point);
    appendFileSync(trace, `${point}\n`);
  }
  if (point !== failpoint?.point || --left !== 0) return;
  writeSync(2, `failpoint ${wanted}: the process kills itself\n`);
  process.kill(process.pid, "SIGKILL");
  // The signal comes before the call returns; should it not, nothing more happens here.
  for (;;);
}

/** Passes the points before and after a step. */
export async function around<T>(step: Step, run: () => T | Promise<T>): Promise<T> {
  pass(`${step}:before`);
  const result = await run();
  pass(`${step}:after`);
  return result;
}
