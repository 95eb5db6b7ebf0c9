// Measures the program itself beside a floor measured in the same run. See README.md beside this file.
//   node bench/run.ts [--quick] [--floors]
//   node bench/run.ts --store [--quick] [--only=accepts,whole,recovery,history]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { measureIdle, measureLatency, measureStart } from "./measures.ts";
import { PLANS } from "./plan.ts";
import { machineFacts, table } from "./report.ts";
import { measureStore, STORE_PARTS } from "./store/measure-store.ts";
import { STORE_PLANS } from "./store/plan.ts";

const words = process.argv.slice(2);
const quick = words.includes("--quick");
const size = quick ? "quick" : "full";
const dir = mkdtempSync(path.join(os.tmpdir(), "rollcall-bench-"));
const emptyDir = path.join(dir, "empty");
mkdirSync(emptyDir);
const machine = machineFacts();

/** Figures to a thousandth: what is beyond is noise. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

function keep(file: string, measured: object): void {
  const results = path.join(import.meta.dirname, "results");
  mkdirSync(results, { recursive: true });
  const report = { at: new Date().toISOString(), plan: size, machine, ...measured };
  writeFileSync(path.join(results, file), `${JSON.stringify(report, rounded, 2)}\n`);
}

async function benchProgram(): Promise<void> {
  const bench = { plan: PLANS[size], dir, emptyDir, gateway: !words.includes("--floors") };
  const measures = [
    ...(await measureStart(bench)),
    ...(process.platform === "linux" ? await measureIdle(bench) : []),
    ...(await measureLatency(bench)),
  ];
  say(table(measures));
  if (process.platform !== "linux") say("\nidle memory: not measured, it is read from /proc");
  if (bench.gateway) keep("latest.json", { measures });
}

async function benchStore(): Promise<void> {
  const only = words.find((word) => word.startsWith("--only="))?.slice("--only=".length);
  const parts = STORE_PARTS.filter((part) => only === undefined || only.split(",").includes(part));
  const facts: string[] = [];
  const tell = (fact: string): void => {
    facts.push(fact);
    say(fact);
  };
  const { measures, history } = await measureStore(
    { plan: STORE_PLANS[size], dir, emptyDir, say: tell },
    parts,
  );
  say(`\n${table(measures, ["gateway", "bare store"])}`);
  if (history.length > 0) say(`\n${table(history, ["long history", "empty store"])}`);
  // Part of a run, or a short one, is no result to keep.
  if (!quick && only === undefined) keep("store.json", { measures, history, facts });
}

try {
  say(
    `${size} run · ${machine.cores} × ${machine.cpu} · ${machine.platform} ${machine.kernel} · node ${machine.node}\n`,
  );
  await (words.includes("--store") ? benchStore() : benchProgram());
} finally {
  rmSync(dir, { recursive: true, force: true });
}
