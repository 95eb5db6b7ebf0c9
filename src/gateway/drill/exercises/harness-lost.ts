import { performance } from "node:perf_hooks";
import { SECOND } from "../../../core/time.ts";
import { answeredInOrder, answeredOnce } from "../answers.ts";
import type { Exercise } from "../exercise.ts";
import type { Stage } from "../stage.ts";
import { alertSince, greet, statusIs } from "../looks.ts";
import { ALERTED, SAVED } from "../words.ts";

/** The programs of all harnesses are gone in mid-service, and back some seconds later. */
export const harnessLost: Exercise = {
  name: "harness-lost",
  about: "the agents' programs are gone in mid-service, then back",
  async run(stage, judge) {
    const gateway = await stage.start();
    if (!(await greet(stage, judge))) return;
    stage.programs(false);
    const gone = performance.now();
    await judge.within("it no longer says that it is ready", 4 * SECOND, () =>
      statusIs(gateway, "/readyz", 503),
    );
    await judge.within("the operator is told within 5 s", 5 * SECOND, () => alertSince(stage, gone));
    for (const person of stage.people) stage.say(person);
    await judge.within("who writes now is told the truth: saved, not yet answered", 6 * SECOND, () =>
      toldTruly(stage),
    );
    for (const person of stage.people) stage.say(person);
    stage.programs(true);
    await judge.within("it heals without a restart", 10 * SECOND, async () => {
      const { kept, seen } = await statusIs(gateway, "/readyz", 200);
      return { kept: kept && gateway.alive(), seen: `${seen}, process ${gateway.pid} still` };
    });
    await judge.within("every message is answered, none twice", 15 * SECOND, () =>
      answeredOnce(stage.said, stage.platform),
    );
    await judge.within("each chat's answers come in order", 0, () =>
      answeredInOrder(stage.said, stage.platform),
    );
  },
};

/** Everybody has a notice; nobody reads a path or an unproven claim. */
function toldTruly(stage: Stage): { readonly kept: boolean; readonly seen: string } {
  const alerted = stage.desk.told.find(({ severity }) => severity === "critical")?.at ?? Infinity;
  const notices = stage.people.flatMap(
    (person) => stage.platform.shown(person).filter(({ text }) => text.includes(SAVED))[0] ?? [],
  );
  const early = notices.filter(({ text, at }) => text.includes(ALERTED) && at < alerted);
  const wrong = stage.people
    .flatMap((person) => stage.platform.shown(person))
    .filter(({ text }) => text.includes(stage.dir) || text.includes("ENOENT"));
  return {
    kept: notices.length === stage.people.length && early.length + wrong.length === 0,
    seen: `${notices.length} of ${stage.people.length} people told, ${early.length} told of an alert that wasn't delivered, ${wrong.length} shown internals`,
  };
}
