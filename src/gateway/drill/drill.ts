/**
 * The drill: the user's own configuration on the user's own machine, in an isolated copy with made-up platforms and
 * programs, through one fault after another. Whether the promises hold is judged from outside.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { RollcallError } from "../../core/errors.ts";
import { SECOND, type Duration } from "../../core/time.ts";
import { locateState } from "../../config/locate.ts";
import { readForDrill } from "./read-config.ts";
import { answeredOnce } from "./answers.ts";
import { DrillFailed } from "./child.ts";
import type { DrillInput } from "./drill-input.ts";
import type { Exercise } from "./exercise.ts";
import { EXERCISES } from "./exercises.ts";
import { createJudge, type Finding, type Look } from "./finding.ts";
import { leftOut } from "./people.ts";
import { setStage, type Stage } from "./stage.ts";
import { compare, isServed, takePicture, type Picture } from "./untouched.ts";

export interface DrillOptions {
  readonly config: string | undefined;
  readonly state: string | undefined;
  /** Names of exercises; none: all. */
  readonly only: readonly string[];
  /** Leaves the drill's folder for looking. */
  readonly keep: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** Is told before each exercise, and of each finding when its exercise is over. */
  readonly tell: { exercise(exercise: Exercise): void; findings(findings: readonly Finding[]): void };
}

export interface DrillReport {
  /** The file; null: the defaults. */
  readonly config: string | null;
  /** The drill's folder, when it was kept: because it was wished, or since a promise broke. */
  readonly dir: string | null;
  readonly findings: readonly Finding[];
  /** It was stopped before its end. */
  readonly stopped: boolean;
  /** Agents and accounts that are beyond what a drill plays with. */
  readonly leftOut: readonly string[];
  /** In milliseconds. */
  readonly took: Duration;
}

/**
 * Runs a drill. Whatever happens, what it started is ended.
 *
 * @throws RollcallError `config-*`, `usage` for an exercise that there isn't
 */
export async function runDrill(options: DrillOptions): Promise<DrillReport> {
  const begun = performance.now();
  const chosen = choose(options.only);
  const { path, raw, config } = await readForDrill(options);
  const state = locateState({ flag: options.state, env: options.env, cwd: options.cwd });
  const before = isServed(state) ? null : takePicture(state);
  const dir = mkdtempSync(join(tmpdir(), "rollcall-drill-"));
  const { env, signal } = options;
  const input: DrillInput = { raw, config, dir, env, signal };
  const findings: Finding[] = [];
  let keep = options.keep;
  try {
    for (const exercise of chosen) {
      if (signal.aborted) break;
      options.tell.exercise(exercise);
      const found = await play(exercise, input);
      findings.push(...found);
      options.tell.findings(found);
    }
    const last = isolation(before, state);
    findings.push(last);
    options.tell.findings([last]);
    keep ||= findings.some(({ verdict }) => verdict === "broken");
  } finally {
    if (!keep) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
  const took = performance.now() - begun;
  const kept = keep ? dir : null;
  return { config: path, dir: kept, findings, stopped: signal.aborted, leftOut: leftOut(config), took };
}

function isolation(before: Picture | null, state: string): Finding {
  const finding = { exercise: "isolation", promise: UNTOUCHED, took: 0 };
  if (before === null)
    return { ...finding, verdict: "not done", seen: "your gateway is running, and writes there itself" };
  const { kept, seen } = compare(before, takePicture(state));
  return { ...finding, verdict: kept ? "kept" : "broken", seen };
}

const UNTOUCHED = "nothing of your state directory is touched";
/** Once more when the gateway has stopped: nothing comes after it. */
const IN_THE_END = "after the stop: still each is answered, none twice";
const LEFT = "nothing that was started still runs";

async function play(exercise: Exercise, input: DrillInput): Promise<readonly Finding[]> {
  const { signal } = input;
  const judge = createJudge(exercise.name, signal);
  const stage = await setStage(exercise.name, input);
  try {
    await exercise.run(stage, judge);
    await stage.stop();
    if (stage.said.length > 0)
      await judge.within(IN_THE_END, 0, () => answeredOnce(stage.said, stage.platform));
    await judge.within(LEFT, 3 * SECOND, () => nothingLeft(stage));
  } catch (error) {
    if (signal.aborted) judge.note("the exercise is played", "not done", "it was stopped");
    else if (error instanceof DrillFailed) judge.note("the gateway starts", "broken", error.message);
    else throw error;
  } finally {
    await stage.close();
  }
  return judge.findings;
}

function nothingLeft(stage: Stage): Look {
  const left = stage.standIns().length;
  return { kept: left === 0, seen: `${left} programs live on` };
}

function choose(only: readonly string[]): readonly Exercise[] {
  const unknown = only.find((name) => !EXERCISES.some((exercise) => exercise.name === name));
  if (unknown !== undefined) {
    const names = EXERCISES.map(({ name }) => name).join(", ");
    throw new RollcallError("usage", { detail: `there is no exercise "${unknown}"; there are ${names}` });
  }
  return only.length === 0 ? EXERCISES : EXERCISES.filter(({ name }) => only.includes(name));
}
