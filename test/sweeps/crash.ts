// Kills of the real program at every point of a message's way, at its writes to the disk, and at any time, with people
// who go on writing and witnesses that nobody kills.
// node test/sweeps/crash.ts [--points 200] [--seed 1] [--jobs 2] [--station N] [--out FILE] [--recovery MS]
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { POINTS, type Point } from "../failpoints/points.ts";
import { randomOf } from "./boot-scenario.ts";
import { IN_DOUBT, livesOf, type Life } from "./crash/kills.ts";
import { playStation, warmUp, type Outcome } from "./crash/play.ts";
import { sumUp } from "./crash/sum-up.ts";

const { values } = parseArgs({
  options: {
    points: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: String(Math.max(2, availableParallelism())) },
    /** Plays this station alone. */
    station: { type: "string" },
    out: { type: "string" },
    /** Fails when a start that has the machine for itself takes longer than this before it takes messages, at p99. */
    recovery: { type: "string" },
  },
});
/** Deaths on one state directory: each station begins with a first start. */
const DEATHS = 25;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seed = Number(values.seed);
const points = Number(values.points);
const strace = spawnSync("strace", ["--version"]).status === 0;
if (!strace) say("strace isn't there: kills at writes are left out");

/**
 * What each station goes through: a send in doubt first, then every point once before any comes again, over all stations.
 * Made for all of them, so that one that is played alone goes through the same.
 */
function plan(): readonly (readonly Life[])[] {
  const random = randomOf(seed * 1000);
  const shuffled = POINTS.map((point) => ({ point, at: random() })).sort((a, b) => a.at - b.at);
  let next = 0;
  return Array.from({ length: Math.ceil(points / DEATHS) }, (_, station) => {
    let doubt = IN_DOUBT[station % IN_DOUBT.length];
    const nextPoint = (): Point => {
      const point = doubt ?? shuffled[next++ % shuffled.length]?.point ?? POINTS[0];
      doubt = undefined;
      return point;
    };
    return livesOf(seed * 1000 + station, Math.min(DEATHS, points - station * DEATHS), nextPoint, strace);
  });
}

async function play(station: number): Promise<Outcome> {
  const outcome = await playStation(seed * 1000 + station, stations[station] ?? [], cache);
  say(
    `station ${station}: ${outcome.deaths} deaths, ${outcome.figures.messages} messages, ${outcome.faults.length} faults`,
  );
  for (const fault of outcome.faults) say(`  ${fault}`);
  if (outcome.kept !== null)
    say(
      `  everything is kept in ${outcome.kept}; again: npm run crash -- --points ${points} --seed ${seed} --station ${station}`,
    );
  return outcome;
}

const stations = plan();
const begun = performance.now();
/** Compiled code, as the launcher keeps it for every start but the first. */
const cache = mkdtempSync(join(tmpdir(), "rollcall-crash-code-"));
await warmUp(cache);
const wanted =
  values.station === undefined ? stations.map((_, station) => station) : [Number(values.station)];
// The last one has the machine for itself: its starts tell how long one takes.
const alone = wanted.length > 1 ? wanted.pop() : undefined;
const outcomes: Outcome[] = [];
const worker = async (): Promise<void> => {
  for (let station = wanted.shift(); station !== undefined; station = wanted.shift())
    outcomes.push(await play(station));
};
await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
const last = alone === undefined ? undefined : await play(alone);
rmSync(cache, { recursive: true, force: true });
const all = last === undefined ? outcomes : [...outcomes, last];
const sum = sumUp(all, last, { seed, strace, seconds: Math.round((performance.now() - begun) / 1000) });
say(JSON.stringify(sum, null, 2));
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(sum, null, 2)}\n`);
const slow = values.recovery !== undefined && sum.recoveryAloneMs.p99 > Number(values.recovery);
if (slow) say(`a start took ${sum.recoveryAloneMs.p99} ms at p99, more than ${values.recovery} ms`);
process.exitCode = sum.faults === 0 && !slow ? 0 : 1;
