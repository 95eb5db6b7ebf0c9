// A channel that ends is started again, in bounded numbers, and every end is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSupervisor, RESTART } from "../../src/channels/supervisor.ts";
import { RollcallError } from "../../src/core/errors.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import type { Channel } from "../../src/ports/channel.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { keepLog, type LogLine } from "../fakes/quiet.ts";

const HOUR = 60 * MINUTE;

function rig(run: (signal: AbortSignal, starts: number) => Promise<void>) {
  const clock = createFakeClock();
  const lines: LogLine[] = [];
  const begun: number[] = [];
  const random = { next: () => 0.99, uuid: () => "", secret: () => "" };
  const supervisor = createSupervisor({ clock, random, log: keepLog(lines) });
  const channel = {
    kind: "telegram",
    account: "default",
    run(signal: AbortSignal) {
      begun.push(clock.monotonic());
      return run(signal, begun.length);
    },
  } as unknown as Channel;
  return { clock, lines, begun, supervisor, channel };
}

test("a channel that always fails is started again ever more seldom, without end, and each end is logged", async (t) => {
  const { clock, lines, begun, supervisor, channel } = rig(() =>
    Promise.reject(new RollcallError("token-refused")),
  );
  supervisor.start(channel);
  await clock.advance(HOUR);
  const most = HOUR / (RESTART.backoff.max * (1 - RESTART.backoff.jitter)) + 10;
  assert.ok(begun.length <= most, `${begun.length} starts`);
  assert.ok(HOUR - (begun.at(-1) ?? 0) <= MINUTE, "it isn't given up");
  const gaps = begun.slice(1).map((at, i) => at - (begun[i] ?? 0));
  assert.ok(gaps.every((gap) => gap >= RESTART.atLeast));
  const told = lines.filter(
    ({ event, fields }) => event === "channel.failed" && fields["code"] === "token-refused",
  );
  assert.equal(told.length, begun.length);
  t.diagnostic(`${begun.length} starts in an hour of failing, ${told.length} ends logged`);
  const stopped = supervisor.stop(SECOND);
  await clock.advance(SECOND);
  await stopped;
  assert.equal(clock.pending, 0);
});

test("one that ended by itself is started again too; one that ran well begins its pauses anew", async () => {
  const { clock, lines, begun, supervisor, channel } = rig((_signal, starts) =>
    starts === 5 ? clock.sleep(RESTART.steady) : Promise.resolve(),
  );
  supervisor.start(channel);
  await clock.advance(3 * MINUTE);
  assert.ok(lines.some(({ event }) => event === "channel.ended"));
  const gaps = begun.slice(1).map((at, i) => at - (begun[i] ?? 0));
  assert.ok((gaps[3] ?? 0) > 4 * SECOND, "the fourth pause is a long one");
  assert.ok(
    (gaps[4] ?? Infinity) - RESTART.steady <= 2 * SECOND,
    "the one after a steady run is a first one",
  );
  const stopped = supervisor.stop(SECOND);
  await clock.advance(SECOND);
  await stopped;
});

test("one that doesn't stop is abandoned in time, and named", async () => {
  const { clock, lines, supervisor, channel } = rig(() => new Promise(() => {}));
  supervisor.start(channel);
  let stopped = false;
  const stop = supervisor.stop(2 * SECOND).then(() => (stopped = true));
  await clock.advance(2 * SECOND - 1);
  assert.equal(stopped, false);
  await clock.advance(1);
  await stop;
  assert.deepEqual(lines.at(-1), {
    level: "error",
    event: "channel.abandoned",
    fields: { channel: "telegram", account: "default" },
  });
});
