import { performance } from "node:perf_hooks";
import { SECOND } from "../../../core/time.ts";
import { answeredInOrder, answeredOnce } from "../answers.ts";
import type { Exercise } from "../exercise.ts";
import { greet } from "../looks.ts";
import type { Stage } from "../stage.ts";

/** For how long the platform refuses, in seconds. */
const REFUSED = 3;

/** The platform answers every send with 429 for some seconds. */
export const rateLimit: Exercise = {
  name: "rate-limit",
  about: `the platform answers 429 for ${REFUSED} s`,
  async run(stage, judge) {
    const gateway = await stage.start();
    if (!(await greet(stage, judge))) return;
    const begun = performance.now();
    const end = stage.platform.refuseFor(REFUSED);
    for (const person of stage.people) stage.say(person);
    await judge.within("the platform refuses", 3 * SECOND, () => {
      const refused = stage.platform.calls.filter((call) => call.refused).length;
      return { kept: refused > 0, seen: `${refused} calls were answered with 429` };
    });
    await judge.within("other ways are open meanwhile", 2 * SECOND, async () => {
      const { status } = await gateway.api("/api/v1/messages?wait=2", { text: "mark-meanwhile" });
      const inTime = performance.now() < end;
      return {
        kept: status === 200 && inTime,
        seen: `the API answered ${status}${inTime ? "" : ", too late"}`,
      };
    });
    await judge.within("every message is answered, none twice", (REFUSED + 12) * SECOND, () =>
      answeredOnce(stage.said, stage.platform),
    );
    await judge.within("it waits as long as it is told to", 0, () => waited(stage, begun));
    await judge.within("each chat's answers come in order", 0, () =>
      answeredInOrder(stage.said, stage.platform),
    );
  },
};

/** No chat is written to again before the time that its own refusal named. */
function waited(stage: Stage, since: number): { readonly kept: boolean; readonly seen: string } {
  const refused = stage.platform.calls.filter((call) => call.refused && call.at >= since);
  const chats = new Set(refused.map(({ chat }) => chat));
  const again = refused.length - chats.size;
  return { kept: again === 0, seen: `${refused.length} refused, of which ${again} came again too early` };
}
