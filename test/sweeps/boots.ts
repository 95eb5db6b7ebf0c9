// Many starts, in this process on a clock of its own and on the real program, each judged by the independent checker.
// node test/sweeps/boots.ts [--count 1000] [--programs 30] [--from 1]
import { availableParallelism } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { faultsOf } from "./boot-check.ts";
import { playable, playProgram } from "./boot-program.ts";
import { playBoot, type Played } from "./boot-run.ts";
import { sceneOf } from "./boot-scenario.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "1000" },
    programs: { type: "string", default: "30" },
    from: { type: "string", default: "1" },
  },
});

interface Tally {
  starts: number;
  ready: number;
  holding: number;
  refused: number;
  wrong: number;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const tally = (): Tally => ({ starts: 0, ready: 0, holding: 0, refused: 0, wrong: 0 });

function count(into: Tally, played: Played, faults: readonly string[], seed: number): void {
  into.starts += 1;
  const saw = (what: string): boolean => played.sights.some((sight) => sight.what === what);
  if (saw("failed")) into.refused += 1;
  else if (saw("ready")) into.ready += 1;
  else if (saw("holding")) into.holding += 1;
  if (faults.length > 0) into.wrong += 1;
  for (const fault of faults) say(`seed ${seed}: ${fault}`);
}

async function inProcess(from: number, starts: number): Promise<Tally> {
  const all = tally();
  for (let seed = from; seed < from + starts; seed++) {
    const scene = sceneOf(seed);
    const played = await playBoot(scene);
    count(all, played, faultsOf(scene, played), seed);
  }
  return all;
}

async function onPrograms(from: number, starts: number): Promise<Tally & { readonly witnessed: number }> {
  const all = { ...tally(), witnessed: 0 };
  let seed = from;
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < starts) {
      const scene = sceneOf(seed++);
      if (!playable(scene)) continue;
      begun += 1;
      const played = await playProgram(scene);
      const calm = {
        ...scene,
        plugins: scene.plugins.map((one) => ({ ...one, behaviour: calmed(one.behaviour) })),
      };
      const faults = [...faultsOf(calm, played)];
      if (played.answered > 0)
        faults.push(`the port answered ${played.answered} times before a start that failed`);
      if (played.code !== 0 && played.code !== 69)
        faults.push(`it ended with ${played.code}: ${played.said}`);
      all.witnessed += played.answered;
      count(all, played, faults, scene.seed);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism() - 1) }, worker));
  return all;
}

/** The programs aren't watched for half a minute after their start. */
function calmed<T extends string>(behaviour: T): T | "good" {
  return behaviour === "late register, after the seal" ? "good" : behaviour;
}

const begun = performance.now();
const from = Number(values.from);
const fake = await inProcess(from, Number(values.count));
say(`in this process: ${JSON.stringify(fake)}`);
const real = await onPrograms(from, Number(values.programs));
say(`real programs:   ${JSON.stringify(real)}`);
const seconds = Math.round((performance.now() - begun) / 1000);
const wrong = fake.wrong + real.wrong;
say(`${fake.starts + real.starts} starts in ${seconds} s: ${wrong} of them wrong`);
process.exitCode = wrong === 0 ? 0 : 1;
