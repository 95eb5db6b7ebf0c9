// Plays one plan to its end: people talk, faults strike, lives end and begin; then the faults stop, everything must come
// to rest, and the witness has the last word.
import { messageOf } from "../../src/core/errors.ts";
import type { Log } from "../../src/ports/log.ts";
import { createMemoryDisk, type MemoryDisk } from "../../src/store/sqlite/open.ts";
import { createDraw } from "./draw.ts";
import { createStubborn, scheduleFaults, strikeAtStep, strikeAtWrite } from "./faults.ts";
import { beginLife } from "./life.ts";
import { createMachine, type Machine } from "./machine.ts";
import { answerQuestions, call } from "./people.ts";
import { TALK, type Plan } from "./plan.ts";
import { createPlatform, type Platform } from "./platform.ts";
import { atRest, unrest } from "./rest.ts";
import type { Run } from "./run-state.ts";
import type { Disk } from "./sim-store.ts";
import { createSendWitness } from "./send-witness.ts";
import { judge, keyOf } from "./verdict.ts";
import { createWitness, type Violation } from "./witness.ts";
import { createWorld, type Owner } from "./world.ts";

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly steps: number;
  readonly messages: number;
  readonly lives: number;
  /** How often each fault was really met. */
  readonly reached: ReadonlyMap<string, number>;
}

/** Steps after which a run that hasn't come to rest never will. */
const MOST_STEPS = 30_000;
export async function runPlan(plan: Plan, log: Log, memory = createMemoryDisk()): Promise<Outcome> {
  const run = createRun(plan, memory, log);
  const { world, witness } = run;
  const unhandled = (error: unknown): void =>
    witness.fail("bug", `nobody handled: ${error instanceof Error ? error.stack : String(error)}`);
  process.on("unhandledRejection", unhandled);
  begin(run);
  schedule(run);
  try {
    while (world.steps < MOST_STEPS && witness.broken.length === 0) {
      if (!(await world.step())) break;
      strikeAtStep(run);
      if (world.time > TALK && world.steps % 20 === 0 && atRest(run)) break;
    }
    if (witness.broken.length === 0) judgeEnd(run);
  } catch (error) {
    witness.fail("bug", messageOf(error));
  } finally {
    process.off("unhandledRejection", unhandled);
  }
  if (run.life !== null) world.kill(run.life.owner);
  return {
    violations: witness.broken,
    steps: world.steps,
    messages: plan.said.length,
    lives: run.lives,
    reached: run.reached,
  };
}

function judgeEnd(run: Run): void {
  if (!atRest(run))
    run.witness.fail(
      "I4",
      `not at rest after ${run.world.steps} steps, at ${Math.round(run.world.time / 1000)} s: ${unrest(run)}`,
    );
  else judge(run);
}

function createRun(plan: Plan, memory: MemoryDisk, log: Log): Run {
  const draw = createDraw(plan.seed).fork("run");
  const world = createWorld();
  const reached = new Map<string, number>();
  const witness = createWitness(memory, plan, () => world.steps);
  const reach = (what: string): void => void reached.set(what, (reached.get(what) ?? 0) + 1);
  const sends = createSendWitness(memory.db, world, (invariant, detail) => witness.fail(invariant, detail));
  const platform: Platform = createPlatform({
    world,
    plan,
    draw: draw.fork("platform"),
    reached: reach,
    confirmed: (offset) =>
      witness.confirmed(platform.updates.filter(({ id }) => id < offset).map(({ key }) => key)),
    asked: (by, key, chat) => sends.asked(by, by === run.life?.owner, key, chat),
    answered: (by, key, chat, answer) => sends.answered(by, key, chat, answer),
    arrived: (what, message) => witness.arrived(what, message),
  });
  const machine: Machine = createMachine({
    world,
    plan,
    draw: draw.fork("machine"),
    now: () => world.wall,
    reached: reach,
    prompted: (seen) => witness.prompted(seen, machine.trees),
    toolRan: () => reach("tool"),
    harmed: (marker, how) => witness.harmed(marker, how),
    again: (marker) => witness.fail("adopt", `${marker} was answered, and is prompted again`),
    switched(marker) {
      // By the other rules it is begun again, by whoever can serve.
      if (plan.onInterrupted === "resume")
        witness.fail("switch", `${marker} was begun by one harness, and another goes on`);
    },
    unopened: () => witness.unopened(),
  });
  const disk: Disk = { full: false, slow: false, strike: () => strikeAtWrite(run) };
  const run: Run = {
    plan,
    world,
    memory,
    disk,
    platform,
    machine,
    witness,
    draw,
    log,
    reached,
    reach,
    refused: sends.refused,
    given: new Set(),
    life: null,
    lives: 0,
    kills: 0,
    writes: { all: 0, own: 0 },
    end: (owner) => end(run, owner),
    begin: () => begin(run),
    stubborn: (pid) => stubborn(pid),
  };
  const stubborn = createStubborn(run);
  return run;
}

function begin(run: Run): void {
  run.lives += 1;
  run.writes.own = 0;
  const number = run.lives;
  const deps = { ...run, number, die: run.end, draw: run.draw.fork(`life ${number}`) };
  void beginLife(deps).then((life) => (number === run.lives ? (run.life = life) : null));
}

/** A process that ends: its harnesses' processes go on, and a moment later the next one starts. */
function end(run: Run, owner: Owner): void {
  if (!owner.alive) return;
  run.world.kill(owner);
  if (owner !== run.life?.owner) return;
  run.kills += 1;
  run.life = null;
  run.witness.interrupted();
  run.world.after(run.draw.between(20, 600), null, () => begin(run));
}

function schedule(run: Run): void {
  const { plan, world, platform } = run;
  for (const said of plan.said) {
    const chat = `c${said.chat}`;
    const message = { key: keyOf(said.token), chat, text: `please ⟨${said.token}⟩`, album: said.album };
    world.after(said.at, null, () => {
      if (said.by === "update") platform.post(message);
      else call(run, message);
    });
  }
  scheduleFaults(run);
  const answer = (): void => {
    void answerQuestions(run);
    world.after(60_000, null, answer);
  };
  world.after(TALK + 60_000, null, answer);
}
