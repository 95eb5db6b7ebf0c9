import { SECOND } from "../../core/time.ts";
import { answeredOnce } from "./answers.ts";
import type { DrilledGateway } from "./child.ts";
import type { Judge, Look } from "./finding.ts";
import type { Stage } from "./stage.ts";

/** Whether a path answers with this status. */
export async function statusIs(gateway: DrilledGateway, path: string, wanted: number): Promise<Look> {
  const status = await gateway.status(path);
  return { kept: status === wanted, seen: `${path} ${status === 0 ? "gives no answer" : `says ${status}`}` };
}

/** Whether the operator was told of something critical after this moment (monotonic). */
export function alertSince(stage: Stage, since: number): Look {
  const alert = stage.desk.told.find(({ severity, at }) => severity === "critical" && at >= since);
  if (alert === undefined) return { kept: false, seen: "no alert came" };
  return { kept: true, seen: `${alert.code} after ${((alert.at - since) / SECOND).toFixed(1)} s` };
}

/** Before anything is wrong: everybody writes, and everybody is answered. */
export async function greet(stage: Stage, judge: Judge): Promise<boolean> {
  for (const person of stage.people) stage.say(person);
  return judge.within("before: every message is answered", 15 * SECOND, () =>
    answeredOnce(stage.said, stage.platform),
  );
}
