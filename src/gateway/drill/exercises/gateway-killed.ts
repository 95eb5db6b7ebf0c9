import { performance } from "node:perf_hooks";
import { SECOND } from "../../../core/time.ts";
import { answeredInOrder, answeredOnce } from "../answers.ts";
import type { DrilledGateway } from "../child.ts";
import type { Exercise } from "../exercise.ts";
import { greet } from "../looks.ts";

/** How long the work takes that is interrupted, in milliseconds. */
const WORK = 1500;

/** `kill -9` while messages are in work and others wait; more are written while nothing runs. */
export const gatewayKilled: Exercise = {
  name: "gateway-killed",
  about: "kill -9 with messages in work",
  async run(stage, judge) {
    const first = await stage.start();
    if (!(await greet(stage, judge))) return;
    for (const person of stage.people) {
      stage.say(person, `slowly ${WORK}`);
      stage.say(person);
    }
    await judge.within("messages are in work", 5 * SECOND, async () => {
      const running = await countOf(first, "running");
      return { kept: running > 0, seen: `${running} in work` };
    });
    const before = stage.standIns();
    await first.kill();
    for (const person of stage.people) stage.say(person);
    const killed = performance.now();
    await stage.start();
    const took = performance.now() - killed;
    judge.note("the next start is ready", "kept", "/readyz says 200", took);
    const work = stage.people.length * WORK;
    await judge.within("every message is answered, none twice", 20 * SECOND + work, () =>
      answeredOnce(stage.said, stage.platform),
    );
    await judge.within("each chat's answers come in order", 0, () =>
      answeredInOrder(stage.said, stage.platform),
    );
    await judge.within("nothing of the killed one still runs", 2 * SECOND, () => {
      const left = stage.standIns().filter((pid) => before.includes(pid));
      return { kept: left.length === 0, seen: `${left.length} of ${before.length} programs live on` };
    });
  },
};

async function countOf(gateway: DrilledGateway, state: string): Promise<number> {
  const { json } = await gateway.api(`/api/v1/messages?state=${state}&limit=100`);
  return Array.isArray(json["messages"]) ? json["messages"].length : 0;
}
