import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { codeOf } from "../../../core/errors.ts";
import { SECOND } from "../../../core/time.ts";
import { answeredInOrder, answeredOnce } from "../answers.ts";
import type { DrilledGateway } from "../child.ts";
import type { Exercise } from "../exercise.ts";
import type { Judge } from "../finding.ts";
import { alertSince, greet, statusIs } from "../looks.ts";
import type { Stage } from "../stage.ts";

/** Size of the small disk: a tmpfs in a mount namespace of the gateway's own, which ends with it. */
const SIZE = "48m";
const MOUNT = `mount -t tmpfs -o size=${SIZE} rollcall "$1" && shift && exec "$@"`;

/** How long the work takes that is going on, in milliseconds. */
const WORK = 1500;

/** The disk that the state is on is filled to its last byte, and emptied some seconds later. */
export const diskFull: Exercise = {
  name: "disk-full",
  about: "the disk of the state is full, then isn't",
  async run(stage, judge) {
    const why = unable(stage);
    if (why !== null) {
      judge.note("a full disk loses nothing", "not done", `this machine gives no small disk: ${why}`);
      return;
    }
    const seenAt = (pid: number): string => `/proc/${pid}/root`;
    const gateway = await stage.start({
      below: ["unshare", "-rm", "sh", "-c", MOUNT, "sh", stage.state],
      seenAt,
    });
    const ballast = join(seenAt(gateway.pid), stage.state, "ballast");
    if (!(await greet(stage, judge))) return;
    for (const person of stage.people) stage.say(person, `slowly ${WORK}`);
    await judge.within("messages are in work", 5 * SECOND, () => {
      const running = stage.standIns().length;
      return { kept: running > 0, seen: `${running} programs work` };
    });
    fill(ballast);
    const work = stage.people.length * WORK;
    await whileFull(stage, judge, gateway);
    rmSync(ballast);
    await judge.within("it heals without a restart", 15 * SECOND, async () => {
      const { kept, seen } = await statusIs(gateway, "/intakez", 200);
      return { kept: kept && gateway.alive(), seen };
    });
    await judge.within("every message is answered, none twice", 20 * SECOND + work, () =>
      answeredOnce(stage.said, stage.platform),
    );
    await judge.within("each chat's answers come in order", 0, () =>
      answeredInOrder(stage.said, stage.platform),
    );
  },
};

async function whileFull(stage: Stage, judge: Judge, gateway: DrilledGateway): Promise<void> {
  const full = performance.now();
  for (const person of stage.people) stage.say(person);
  await judge.within("nothing is confirmed that can't be kept", SECOND, async () => {
    const { status } = await gateway.api("/api/v1/messages", { text: "x".repeat(100_000) });
    return { kept: status === 503, seen: `the API answered ${status}` };
  });
  await judge.within("the operator is told within 5 s", 5 * SECOND, () => alertSince(stage, full));
  await judge.within("it says that it takes nothing", 6 * SECOND, () => statusIs(gateway, "/intakez", 503));
}

/** Why there can be no disk of our own; null when there can. */
function unable(stage: Stage): string | null {
  const probe = join(stage.dir, "probe");
  mkdirSync(probe);
  const tried = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "rollcall", probe], {
    encoding: "utf8",
    timeout: 5 * SECOND,
  });
  if (tried.status === 0) return null;
  return tried.error === undefined ? tried.stderr.trim() : (codeOf(tried.error) ?? tried.error.message);
}

/** Writes until not one byte more fits. */
function fill(file: string): void {
  for (const size of [1_048_576, 65_536, 4096, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size));
    } catch (error) {
      if (codeOf(error) !== "ENOSPC") throw error;
    }
  }
}
