import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import type { IncidentId, SessionKey } from "../../src/core/ids.ts";
import { SECOND } from "../../src/core/time.ts";
import { createOutages } from "../../src/sessions/outages.ts";
import { RAMP, rampDelay } from "../../src/sessions/ramp.ts";
import { createRig } from "../fakes/core-rig.ts";
import { createFakeClock } from "../fakes/clock.ts";

const delaysOf = (total: number): readonly number[] =>
  Array.from({ length: total }, (_, place) => rampDelay(place, total));

test("two lanes begin at once, each wave is at most as large as all before it, and all begin within nine seconds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), (total) => {
      const delays = delaysOf(total);
      assert.equal(delays.filter((delay) => delay === 0).length, Math.min(RAMP.first, total));
      assert.ok((delays.at(-1) ?? 0) <= RAMP.within);
      assert.deepEqual(
        delays,
        delays.toSorted((a, b) => a - b),
      );
      const waves = new Map<number, number>();
      for (const delay of delays) waves.set(delay, (waves.get(delay) ?? 0) + 1);
      let before = 0;
      for (const size of waves.values()) {
        assert.ok(before === 0 || size <= before, `a wave of ${size} after ${before}`);
        before += size;
      }
    }),
    { numRuns: 60 },
  );
});

function outagesFor(wake: (session: SessionKey) => void) {
  const clock = createFakeClock();
  let made = 0;
  const ids = { incident: () => `i_${++made}` as IncidentId } as never;
  return { clock, outages: createOutages({ clock, ids }, wake) };
}

test("a heal that doesn't last stops the ramp, and the next one begins with two again", async () => {
  const woken: string[] = [];
  const { clock, outages } = outagesFor((session) => void woken.push(session));
  const outage = outages.join("main", []);
  for (let i = 0; i < 10; i++)
    outage.sessions.set(`s${i}` as SessionKey, { cancelEnd: () => {}, cancelNotice: null });
  outages.heal("main");
  assert.deepEqual(woken, ["s0", "s1"]);
  outages.reopen("main");
  await clock.advance(20 * SECOND);
  assert.deepEqual(woken, ["s0", "s1"]);
  outages.heal("main");
  assert.deepEqual(woken.slice(2), ["s2", "s3"]);
  await clock.advance(10 * SECOND);
  assert.equal(new Set(woken).size, 10);
  outages.close();
  assert.equal(clock.pending, 0);
});

test("what comes back within a minute is the same incident, later it is another", async () => {
  const { clock, outages } = outagesFor(() => {});
  const first = outages.join("main", []).incident;
  outages.heal("main");
  await clock.advance(59 * SECOND);
  assert.equal(outages.join("main", []).incident, first);
  outages.heal("main");
  await clock.advance(61 * SECOND);
  assert.notEqual(outages.join("main", []).incident, first);
  outages.close();
});

/** Many conversations hold, and the agent comes back. */
async function heal(t: TestContext, conversations: number) {
  const rig = await createRig();
  t.after(() => rig.stop());
  const echo = rig.harness("echo");
  echo.probes = { class: "structural", code: "harness-missing", detail: "gone" };
  await rig.run(3 * SECOND);
  for (let i = 0; i < conversations; i++)
    await rig.say(`${i}`, {
      address: { channel: "telegram", account: "default", conversation: `${1000 + i}` },
      sender: { id: `${1000 + i}`, name: "Ada" },
    });
  await rig.run(4 * SECOND);
  echo.probes = null;
  return rig;
}

test("a hundred held conversations are all answered within ten seconds of the heal, two at first", async (t) => {
  const rig = await heal(t, 100);
  const answered = (): number => rig.texts().filter((text) => text.startsWith("echo:")).length;
  let healed = 0;
  while (rig.availability.of("main")[0]?.available !== true) {
    await rig.run(0.1 * SECOND);
    healed += 1;
    assert.ok(healed < 600);
  }
  assert.ok(answered() <= 2, `${answered()} at once`);
  await rig.run(10 * SECOND);
  assert.equal(answered(), 100);
});
