import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startDeadman } from "../../src/alerts/deadman.ts";
import { RollcallError } from "../../src/core/errors.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { createKeptLog } from "../fakes/silent-log.ts";

function watched() {
  const clock = createFakeClock();
  const log = createKeptLog();
  const pings: number[] = [];
  const state = { well: true, status: 200 as number | "fails" | "hangs" };
  const deadman = startDeadman({
    url: new URL("http://127.0.0.1/ping"),
    every: 30 * SECOND,
    well: () => state.well,
    clock,
    log,
    async http(_url, { signal }) {
      pings.push(clock.monotonic());
      if (state.status === "fails") throw new RollcallError("channel-unreachable");
      if (state.status !== "hangs") return state.status;
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(new RollcallError("channel-unreachable")), {
          once: true,
        }),
      );
    },
  });
  return { clock, log, pings, state, deadman };
}

describe("the dead-man's ping", () => {
  it("goes out at once and then in its period, as long as all is well", async () => {
    const { clock, pings, state, deadman } = watched();
    await clock.advance(65 * SECOND);
    assert.deepEqual(pings, [0, 30 * SECOND, 60 * SECOND]);
    state.well = false;
    await clock.advance(5 * MINUTE);
    assert.equal(pings.length, 3);
    state.well = true;
    await clock.advance(30 * SECOND);
    assert.equal(pings.length, 4);
    deadman.stop();
    await clock.advance(5 * MINUTE);
    assert.equal(pings.length, 4);
    assert.equal(clock.pending, 0);
  });

  it("that nobody hears is logged once, not once each time, and goes on", async () => {
    const { clock, pings, log, state, deadman } = watched();
    for (const status of ["fails", 500, "hangs"] as const) {
      state.status = status;
      await clock.advance(2 * MINUTE);
    }
    assert.ok(pings.length >= 12);
    state.status = 200;
    await clock.advance(MINUTE);
    assert.deepEqual(
      log.lines.map(({ event }) => event),
      ["deadman.failed", "deadman.works"],
    );
    deadman.stop();
  });
});
