// How each fault of a plan strikes.
import { RollcallError } from "../../src/core/errors.ts";
import type { MessageId } from "../../src/core/ids.ts";
import { HARNESSES } from "./life.ts";
import type { Fault } from "./plan.ts";
import type { Run } from "./run-state.ts";
import { keyOf } from "./verdict.ts";

type Strike = "kill-before" | "kill-after" | "error-before" | "error-after" | null;

/** What befalls the write that is about to be made. */
export function strikeAtWrite(run: Run): Strike {
  const { all, own } = run.writes;
  run.writes.all += 1;
  run.writes.own += 1;
  for (const fault of run.plan.faults) {
    const strike = strikeOf(fault, run.lives, all, own);
    if (strike === null) continue;
    run.reach(`${fault.kind}:${strike}`);
    return strike;
  }
  return null;
}

function strikeOf(fault: Fault, life: number, all: number, own: number): Strike {
  switch (fault.kind) {
    case "kill-at-write":
      return fault.write === all ? (fault.applied ? "kill-after" : "kill-before") : null;
    case "kill-starting":
      return fault.life + 1 === life && fault.write === own
        ? fault.applied
          ? "kill-after"
          : "kill-before"
        : null;
    case "disk-error":
      return fault.write === all ? (fault.applied ? "error-after" : "error-before") : null;
    default:
      return null;
  }
}

/** The n-th process that shall be ended, and whether it still withstands. */
export function createStubborn(run: Run): (pid: number) => boolean {
  const until = new Map<number, number>();
  return (pid) => {
    if (!until.has(pid)) {
      const nth = until.size;
      const fault = run.plan.faults.find((one) => one.kind === "stubborn" && one.nth === nth);
      if (fault?.kind === "stubborn") run.reach("stubborn");
      until.set(pid, run.world.time + (fault?.kind === "stubborn" ? fault.span : 0));
    }
    return (until.get(pid) ?? 0) > run.world.time;
  };
}

/** Lives that end between two things of any kind. */
export function strikeAtStep(run: Run): void {
  for (const fault of run.plan.faults) {
    if (fault.kind !== "kill-at-step" || fault.step !== run.world.steps || run.life === null) continue;
    run.reach("kill-at-step");
    run.end(run.life.owner);
  }
}

/** Faults that strike at a time. */
export function scheduleFaults(run: Run): void {
  for (const fault of run.plan.faults) {
    if (!("at" in fault)) continue;
    run.world.after(fault.at, null, () => befall(run, fault));
  }
}

type Timed = Extract<Fault, { at: number }>;

function befall(run: Run, fault: Timed): void {
  const { world, disk, life, platform, machine } = run;
  const here = life?.owner.alive === true && !life.owner.suspended ? life : null;
  if (here === null && needsLife(fault)) return;
  run.reach(fault.kind);
  switch (fault.kind) {
    case "disk-full":
      disk.full = true;
      world.after(fault.span, null, () => void (disk.full = false));
      return;
    case "disk-slow":
      disk.slow = true;
      world.after(fault.span, null, () => void (disk.slow = false));
      return;
    case "program-gone": {
      const id = HARNESSES[fault.harness] ?? HARNESSES[0];
      machine.gone.add(id);
      world.after(fault.span, null, () => void machine.gone.delete(id));
      return;
    }
    case "twice": {
      const key = keyOf(fault.token);
      const first = platform.updates.find((update) => update.key === key);
      if (first !== undefined) platform.post(first);
      return;
    }
    case "clock":
      return world.jump(fault.span);
    default:
      if (here !== null) befallLife(run, fault, here);
  }
}

const OF_LIVES: readonly Timed["kind"][] = [
  "stop",
  "takeover",
  "suspend",
  "reload",
  "cancel",
  "stop-command",
];
const needsLife = ({ kind }: Timed): boolean => OF_LIVES.includes(kind);

function befallLife(run: Run, fault: Timed, life: NonNullable<Run["life"]>): void {
  const { world } = run;
  const { owner } = life;
  switch (fault.kind) {
    case "stop":
      void life.drain().then(() => run.end(owner));
      return;
    case "suspend":
      owner.suspended = true;
      world.after(fault.span, null, () => world.resume(owner));
      return;
    case "takeover":
      // The old owner is believed dead, and isn't: it goes on later with what it was about to do.
      owner.suspended = true;
      run.life = null;
      run.witness.interrupted();
      world.after(run.draw.between(50, 500), null, run.begin);
      world.after(fault.back, null, () => world.resume(owner));
      world.after(fault.back + 30_000, null, () => world.kill(owner));
      return;
    case "reload":
      void life.reload();
      return;
    case "cancel":
      return cancel(run, fault.token, life);
    case "stop-command":
      for (const { token, chat } of run.plan.said) if (chat === fault.chat) run.given.add(token);
      run.platform.post({ key: `stop-${fault.at}`, chat: `c${fault.chat}`, text: "/stop", album: null });
      return;
    default:
  }
}

function cancel(run: Run, token: number, { pipeline }: NonNullable<Run["life"]>): void {
  const row = run.memory.db.get<{ id: MessageId; session: string }>(
    "SELECT id, session FROM entries WHERE dedupe_key = ?",
    keyOf(token),
  );
  if (row === undefined) return;
  // Whatever runs with it in one turn is stopped with it.
  const chat = run.plan.said.find((said) => said.token === token)?.chat;
  for (const said of run.plan.said) if (said.chat === chat) run.given.add(said.token);
  pipeline.operate.cancel(row.id).catch((error: unknown) => {
    if (!(error instanceof RollcallError)) run.witness.fail("bug", String(error));
  });
}
