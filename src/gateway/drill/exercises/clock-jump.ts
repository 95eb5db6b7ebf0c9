import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { HOUR, SECOND } from "../../../core/time.ts";
import { answeredInOrder, answeredOnce } from "../answers.ts";
import type { DrilledGateway } from "../child.ts";
import { clockShiftProgram } from "../clock-shift.ts";
import type { Exercise } from "../exercise.ts";
import type { Judge, Look } from "../finding.ts";
import { greet } from "../looks.ts";
import type { Stage } from "../stage.ts";

const JUMP = 26 * HOUR;
/** How long the work takes that the jump falls into, in milliseconds. */
const WORK = 1000;
/** The shifted clock has been read by then. */
const READ_WITHIN = 200;

/** The wall clock jumps ahead by more than a day, and back again, each time with messages in work. */
export const clockJump: Exercise = {
  name: "clock-jump",
  about: "the wall clock jumps 26 h ahead, then back",
  async run(stage, judge) {
    const file = join(stage.dir, "clock");
    const preload = join(stage.dir, "clock-shift.cjs");
    writeFileSync(file, "0");
    writeFileSync(preload, clockShiftProgram(file));
    const gateway = await stage.start({ node: ["--require", preload] });
    if (!(await greet(stage, judge))) return;
    await jump(stage, judge, { gateway, file, to: JUMP, what: "ahead" });
    await jump(stage, judge, { gateway, file, to: 0, what: "back" });
    await judge.within("each chat's answers come in order", 0, () =>
      answeredInOrder(stage.said, stage.platform),
    );
    await judge.within("nobody is alarmed", 0, () => {
      const { told } = stage.desk;
      const words = told.map(({ code }) => code).join(", ");
      return { kept: told.length === 0, seen: told.length === 0 ? "no alert" : words };
    });
  },
};

interface Jump {
  readonly gateway: DrilledGateway;
  readonly file: string;
  /** Offset of the clock, in milliseconds. */
  readonly to: number;
  readonly what: string;
}

async function jump(stage: Stage, judge: Judge, { gateway, file, to, what }: Jump): Promise<void> {
  for (const person of stage.people) stage.say(person, `slowly ${WORK}`);
  await pause(WORK / 2);
  writeFileSync(file, String(to));
  await pause(READ_WITHIN);
  await judge.within(`${what}: the gateway's clock is another`, 2 * SECOND, () => clockIs(gateway, to));
  for (const person of stage.people) stage.say(person);
  await judge.within(
    `${what}: every message is answered, none twice`,
    15 * SECOND + stage.people.length * WORK,
    () => answeredOnce(stage.said, stage.platform),
  );
  await judge.within(`${what}: it stays ready`, SECOND, async () => {
    const status = await gateway.status("/readyz");
    return { kept: status === 200, seen: `/readyz says ${status}` };
  });
}

/** The jump happened: the gateway dates what it takes now accordingly. */
async function clockIs(gateway: DrilledGateway, offset: number): Promise<Look> {
  const { json } = await gateway.api("/api/v1/messages", { text: "mark-clock", conversation: "clock" });
  const { acceptedAt = "" } = (json["message"] ?? {}) as { acceptedAt?: string };
  const off = Date.parse(acceptedAt) - Date.now() - offset;
  return {
    kept: Math.abs(off) < 10 * SECOND,
    seen: `a message is dated ${acceptedAt || "never"}`,
  };
}
