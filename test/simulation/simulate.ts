// npm run simulate -- --seeds N [--from F] [--flavour plain|nonce|editing] [--minutes M] [--workers W]
// npm run simulate -- --seed S [--flavour …]: one run, cut down when it fails, with what was logged
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { keepLog, type LogLine } from "../fakes/quiet.ts";
import { FLAVOURS, planOf, type Plan } from "./plan.ts";
import type { Range } from "./play.ts";
import { runPlan } from "./run.ts";
import { shrink } from "./shrink.ts";
import { addTally, emptyTally, neverMet, type Tally } from "./tally.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    seed: { type: "string" },
    from: { type: "string", default: "1" },
    flavour: { type: "string" },
    minutes: { type: "string", default: "60" },
    workers: { type: "string", default: String(availableParallelism()) },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const flavour = FLAVOURS.find((known) => known === values.flavour);
/** Runs that a thread is given at once. */
const PORTION = 200;
/** Fewer runs than this needn't have met every fault. */
const ENOUGH = 2000;

if (values.seed === undefined) process.exitCode = await simulate();
else process.exitCode = await explain(planOf(Number(values.seed), flavour));

async function simulate(): Promise<number> {
  const begun = performance.now();
  const sum = await playAll(Number(values.from), Number(values.seeds), Number(values.minutes) * 60_000);
  const seconds = (performance.now() - begun) / 1000;
  const missed = sum.runs >= ENOUGH ? neverMet(sum) : [];
  print(
    Object.entries(sum.reached)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([what, count]) => `${what} ${count}`)
      .join(" · "),
  );
  print(
    `${sum.runs} seeds, ${sum.messages} messages, ${sum.steps} steps, ${sum.lives} lives in ${seconds.toFixed(0)} s: ` +
      `${(sum.runs / seconds).toFixed(0)} seeds/s, ${(sum.messages / seconds).toFixed(0)} messages/s, ${(sum.steps / seconds).toFixed(0)} steps/s`,
  );
  const of = (...names: readonly string[]): number =>
    sum.failures.filter(({ violations }) => violations.some(({ invariant }) => names.includes(invariant)))
      .length;
  print(
    `broken promises: ${sum.failures.length} (lost ${of("lost", "I1", "I4")}, answered twice ${of("twice", "I5", "I8")}, undeclared duplicates ${of("I6")})`,
  );
  for (const { seed, flavour: kind, violations } of sum.failures.slice(0, 10))
    print(
      `  --seed ${seed} --flavour ${kind}: ${violations.map(({ invariant, detail }) => `${invariant}: ${detail.slice(0, 300)}`).join("; ")}`,
    );
  if (missed.length > 0) print(`never met: ${missed.join(", ")}`);
  const wanted = Number(values.seeds);
  if (sum.runs < wanted && sum.failures.length === 0)
    print(`out of time after ${sum.runs} of ${wanted} seeds`);
  return sum.failures.length > 0 || missed.length > 0 ? 1 : 0;
}

/** Threads take portions until all seeds are played, the time is over, or enough has failed. */
async function playAll(from: number, seeds: number, within: number): Promise<Tally> {
  const sum = emptyTally();
  const until = performance.now() + within;
  let next = from;
  const take = (): Range | null => {
    if (next >= from + seeds || performance.now() > until || sum.failures.length >= 20) return null;
    const range = {
      from: next,
      count: Math.min(PORTION, from + seeds - next),
      ...(flavour !== undefined && { flavour }),
    };
    next += range.count;
    return range;
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("play.ts", import.meta.url));
    for (let range = take(); range !== null; range = take()) {
      addTally(sum, await ask(worker, range));
      process.stderr.write(`\r${sum.runs} seeds, ${sum.failures.length} failed `);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, work));
  process.stderr.write("\n");
  return sum;
}

function ask(worker: Worker, range: Range): Promise<Tally> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.postMessage(range);
  });
}

async function explain(plan: Plan): Promise<number> {
  const { violations, steps } = await runPlan(plan, keepLog([]));
  const [first] = violations;
  if (first === undefined) {
    print(`seed ${plan.seed} (${plan.flavour}) keeps every promise in ${steps} steps`);
    return 0;
  }
  const small = await shrink(plan, first.invariant);
  const lines: LogLine[] = [];
  const again = await runPlan(small, keepLog(lines));
  for (const { level, event, fields } of lines) print(`${level} ${event} ${JSON.stringify(fields)}`);
  print(
    `seed ${plan.seed} (${plan.flavour}), cut down to ${small.said.length} messages and ${small.faults.length} faults:`,
  );
  print(JSON.stringify({ ...small, said: small.said, faults: small.faults }, null, 1));
  for (const { invariant, detail, step } of again.violations)
    print(`${invariant} at step ${step}: ${detail}`);
  return 1;
}
