// The wall clock is set a day ahead or back while messages are held, bundles grow and turns are tried again. On a clock
// of the test.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Failure } from "../../src/core/failure.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";
import { sampleBody } from "../fakes/samples.ts";

const JUMPS = [DAY, -DAY] as const;
const ahead = (jump: number): string => (jump > 0 ? "ahead" : "back");
const gone: Failure = { class: "structural", code: "harness-missing", detail: "gone" };
const hold = { noticeAfter: 5 * SECOND, askAfter: 6 * HOUR, max: 12 * HOUR };

async function rigFor(t: TestContext, agent: object = {}): Promise<Rig> {
  const rig = await createRig({ agents: [{ hold, midTurn: "queue", ...agent }] });
  t.after(() => rig.stop());
  return rig;
}

const place = (n: number): object => ({
  address: { channel: "telegram", account: "default", conversation: `${n}` },
  sender: { id: `${n}`, name: "Ada" },
});

for (const jump of JUMPS) {
  test(`the clock is set a day ${ahead(jump)} while fifty conversations are held`, async (t) => {
    const rig = await rigFor(t);
    rig.harness("echo").probes = gone;
    await rig.run(3 * SECOND);
    for (let n = 1; n <= 50; n++) {
      await rig.say(`held ${n}`, place(n));
      await rig.run(MINUTE);
      if (n === 25) rig.clock.jump(jump);
    }
    await rig.run(HOUR);
    const counts = await rig.store.counts();
    t.diagnostic(`a day ${ahead(jump)}: of 50 held, expired wrongly ${50 - counts.held}`);
    assert.equal(counts.held, 50);
    rig.harness("echo").probes = null;
    await rig.run(MINUTE);
    const answered = rig.texts().filter((text) => text.startsWith("echo:"));
    t.diagnostic(
      `a day ${ahead(jump)}: of 50 held, frozen when their agent was back ${50 - answered.length}`,
    );
    assert.equal(answered.length, 50);
  });

  test(`a hold that is over ends in its time, the clock set a day ${ahead(jump)}`, async (t) => {
    const rig = await rigFor(t, { hold: { ...hold, askAfter: 24 * HOUR } });
    rig.harness("echo").probes = gone;
    await rig.run(3 * SECOND);
    await rig.say("held");
    await rig.run(6 * HOUR);
    rig.clock.jump(jump);
    await rig.run(5 * HOUR + 50 * MINUTE);
    assert.equal((await rig.store.counts()).held, 1, "not early");
    await rig.run(20 * MINUTE);
    assert.equal((await rig.store.counts()).dead, 1, "not late");
  });

  test(`a growing bundle and a pause between two tries, the clock set a day ${ahead(jump)}`, async (t) => {
    const rig = await rigFor(t);
    const photo = {
      kind: "image",
      name: "a.jpg",
      mime: "image/jpeg",
      source: { kind: "platform", ref: "f" },
    } as const;
    await rig.say("", {}, sampleBody({ text: "", attachments: [photo], album: "g" }));
    rig.clock.jump(jump);
    await rig.run(3 * SECOND);
    const grown = (await rig.store.counts()).done;
    rig.harness("echo").opening = { class: "failed", code: "harness-failed", detail: "500" };
    rig.harness("echo").probes = null;
    await rig.say("again");
    await rig.run(100);
    const failures = rig.log.filter(({ event }) => event === "turn.finished").length;
    rig.clock.jump(jump);
    rig.harness("echo").opening = null;
    await rig.run(2 * MINUTE);
    const { done } = await rig.store.counts();
    t.diagnostic(`a day ${ahead(jump)}: bundles frozen ${1 - grown}, tries frozen ${2 - done}`);
    assert.ok(failures > 1, "an answer and a failure");
    assert.equal(done, 2);
  });
}
