// Kills of the real program at every point of a message's way, at its writes to the disk, and at any time, with people
// who go on writing and witnesses that nobody kills.
// node test/sweeps/crash.ts [--points 200] [--seed 1] [--jobs 2] [--station N] [--out FILE]
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { POINTS, type Point } from "../failpoints/points.ts";
import { randomOf } from "./boot-scenario.ts";
import { IN_DOUBT, livesOf } from "./crash/kills.ts";
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
  },
});
/** Deaths on one state directory: each station begins with a first start. */
const DEATHS = 25;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seed = Number(values.seed);
const points = Number(values.points);
const stations = Math.ceil(points / DEATHS);
const strace = spawnSync("strace", ["--version"]).status === 0;
if (!strace) say("strace isn't there: kills at writes are left out");

/** About as many points as a station comes to, beside the first one. */
const EACH = 8;

/** A send in doubt, then every point once before any comes again, over all stations. */
function pointsOf(station: number): readonly Point[] {
  const random = randomOf(seed * 1000);
  const shuffled = POINTS.map((point) => ({ point, at: random() })).sort((a, b) => a.at - b.at);
  const from = (station * EACH) % POINTS.length;
  const doubt = IN_DOUBT[station % IN_DOUBT.length] ?? IN_DOUBT[0];
  return [doubt, ...[...shuffled.slice(from), ...shuffled.slice(0, from)].map(({ point }) => point)];
}

async function play(station: number): Promise<Outcome> {
  const deaths = Math.min(DEATHS, points - station * DEATHS);
  const own = seed * 1000 + station;
  const outcome = await playStation(own, livesOf(own, deaths, pointsOf(station), strace), cache);
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

const begun = performance.now();
/** Compiled code, as the launcher keeps it for every start but the first. */
const cache = mkdtempSync(join(tmpdir(), "rollcall-crash-code-"));
await warmUp(cache);
const wanted =
  values.station === undefined ? Array.from({ length: stations }, (_, i) => i) : [Number(values.station)];
const outcomes: Outcome[] = [];
const worker = async (): Promise<void> => {
  for (let station = wanted.shift(); station !== undefined; station = wanted.shift())
    outcomes.push(await play(station));
};
await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
rmSync(cache, { recursive: true, force: true });
const sum = sumUp(outcomes, { seed, strace, seconds: Math.round((performance.now() - begun) / 1000) });
say(JSON.stringify(sum, null, 2));
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(sum, null, 2)}\n`);
process.exitCode = sum.faults === 0 ? 0 : 1;
