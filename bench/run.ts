// Measures the program itself beside a floor measured in the same run. See README.md beside this file.
//   node bench/run.ts [--quick] [--floors]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { measureIdle, measureLatency, measureStart, type Bench } from "./measures.ts";
import { PLANS } from "./plan.ts";
import { machineFacts, table } from "./report.ts";

const words = new Set(process.argv.slice(2));
const quick = words.has("--quick");
const dir = mkdtempSync(path.join(os.tmpdir(), "rollcall-bench-"));
const emptyDir = path.join(dir, "empty");
mkdirSync(emptyDir);
const bench: Bench = {
  plan: quick ? PLANS.quick : PLANS.full,
  dir,
  emptyDir,
  gateway: !words.has("--floors"),
};

/** Figures to a thousandth: what is beyond is noise. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
try {
  const machine = machineFacts();
  say(
    `${quick ? "quick" : "full"} run · ${machine.cores} × ${machine.cpu} · ${machine.platform} ${machine.kernel} · node ${machine.node}\n`,
  );
  const measures = [
    ...(await measureStart(bench)),
    ...(process.platform === "linux" ? await measureIdle(bench) : []),
    ...(await measureLatency(bench)),
  ];
  say(table(measures));
  if (process.platform !== "linux") say("\nidle memory: not measured, it is read from /proc");
  if (bench.gateway) {
    const results = path.join(import.meta.dirname, "results");
    mkdirSync(results, { recursive: true });
    const report = { at: new Date().toISOString(), plan: quick ? "quick" : "full", machine, measures };
    writeFileSync(path.join(results, "latest.json"), `${JSON.stringify(report, rounded, 2)}\n`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
