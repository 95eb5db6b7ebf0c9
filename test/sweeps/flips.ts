// Flips bits of a store's pages, log and mark, cuts the log, and looks at what the store does about it: nothing wrong may
// be served, taken twice or lost, and whatever is damaged is found by one look at everything, or the start is refused.
// node test/sweeps/flips.ts [--size 1000] [--seed 1]
import process from "node:process";
import { parseArgs } from "node:util";
import { lineOf, playSweep } from "./disk/sweep.ts";

const { values } = parseArgs({
  options: { size: { type: "string", default: "1000" }, seed: { type: "string", default: "1" } },
});
const size = Number(values.size);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const tallies = await playSweep(
  {
    flips: size,
    logFlips: Math.ceil(size / 4),
    markFlips: Math.ceil(size / 20),
    cutEvery: Math.max(1, Math.floor(1000 / size)),
    seed: Number(values.seed),
  },
  (tally) => {
    say(lineOf(tally));
    for (const wrong of tally.wrong) say(`  ${wrong}`);
  },
);
process.exitCode = tallies.some(({ wrong }) => wrong.length > 0) ? 1 : 0;
