// node hunt.ts FLAVOUR SEEDS: plays seeds until one breaks a promise, in a process of its own, so that a defect that
// hangs or crashes can be ended. Prints what it found as JSON.
import { FLAVOURS } from "../plan.ts";
import { play } from "../play.ts";

const [name, seeds] = process.argv.slice(2);
const flavour = FLAVOURS.find((known) => known === name);
if (flavour === undefined) throw new TypeError(`no flavour ${String(name)}`);
const tally = await play({ from: 1, count: Number(seeds), flavour, first: true });
process.stdout.write(`${JSON.stringify(tally.failures[0] ?? null)}\n`);
