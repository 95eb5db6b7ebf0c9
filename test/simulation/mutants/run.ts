// npm run mutants [-- --only WORD] [--seeds N]: breaks each protection once, and demands that the simulation sees it.
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { copyWith } from "./apply.ts";
import { MUTANTS, type Mutant } from "./list.ts";

const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, seeds: { type: "string", default: "1500" } },
});
/** A hunt that takes longer hangs, which is a way of being seen, too. */
const HUNT_DEADLINE = 90_000;
const FLAVOURS = ["plain", "nonce", "editing"] as const;
/** Channels on which each defect is hunted whatever the first one found. */
const ALWAYS = 2;

type Found = string | null;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function hunt(dir: string, flavour: string): Promise<Found> {
  const args = [join(dir, "test/simulation/mutants/hunt.ts"), flavour, values.seeds];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: HUNT_DEADLINE, killSignal: "SIGKILL" }, (error, stdout) => {
      if (error?.killed === true) return resolve("it hangs");
      if (error !== null)
        return resolve(`it crashes: ${error.message.split("\n").at(-2) ?? ""}`.slice(0, 90));
      const found = JSON.parse(stdout) as { seed: number; violations: { invariant: string }[] } | null;
      resolve(found === null ? null : `${found.violations[0]?.invariant ?? ""} at seed ${found.seed}`);
    });
  });
}

async function judge(mutant: Mutant | null): Promise<{ line: string; seen: boolean }> {
  const copy = copyWith(mutant);
  try {
    const found: Found[] = [];
    for (const [index, flavour] of FLAVOURS.entries())
      found.push(index < ALWAYS || found.every((one) => one === null) ? await hunt(copy.dir, flavour) : null);
    const columns = FLAVOURS.map((flavour, index) => `${flavour}: ${found[index] ?? "–"}`).join(" · ");
    return { line: `${mutant?.name ?? "no defect"} | ${columns}`, seen: found.some((one) => one !== null) };
  } finally {
    copy.remove();
  }
}

const chosen = MUTANTS.filter(({ name }) => name.includes(values.only));
const control = await judge(null);
print(`${control.seen ? "BROKEN" : "sound "} ${control.line}`);
const survivors: string[] = [];
let next = 0;
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let mutant = chosen[next++]; mutant !== undefined; mutant = chosen[next++]) {
      const { line, seen } = await judge(mutant);
      if (!seen) survivors.push(mutant.name);
      print(`${seen ? "killed " : "SURVIVES"} ${line}`);
    }
  }),
);
print(
  `${chosen.length - survivors.length} of ${chosen.length} defects seen${survivors.length > 0 ? `; not: ${survivors.join(", ")}` : ""}`,
);
process.exitCode = survivors.length > 0 || control.seen ? 1 : 0;
