import assert from "node:assert/strict";
import { test } from "node:test";
import { CLAUDE_LIMITS } from "../../src/harnesses/claude-cli/limits.ts";
import { promptTurn } from "../../src/harnesses/claude-cli/prompt-turn.ts";
import type { ClaudeProcess, Word } from "../../src/harnesses/claude-cli/claude-process.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { createFakeClock, settle } from "../fakes/clock.ts";
import { silentLog } from "../fakes/silent-log.ts";

const NOISE: Word = { kind: "frame", frame: { about: [], type: "other", name: "noise" } };
const RULE = { policy: "deny", allow: [] } as const;

function rig() {
  const clock = createFakeClock();
  const seen = { written: [] as string[], holds: [] as boolean[], ended: 0, spoilt: false, settled: false };
  let hear: (word: Word) => void = () => {};
  const process: ClaudeProcess = {
    custody: { pid: 1, startTime: "", marker: "" },
    exited: new Promise(() => {}),
    usable: () => true,
    listen(next) {
      hear = next;
      return () => (hear = () => {});
    },
    drop: () => {},
    write: (message) => void seen.written.push(JSON.stringify(message)),
    hold: (wait) => void seen.holds.push(wait),
    end: async () => void seen.ended++,
  };
  const stop = new AbortController();
  const events = promptTurn(
    {
      clock,
      random: systemRandom,
      log: silentLog,
      process,
      rule: RULE,
      usage: () => ({ inputTokens: 0, outputTokens: 0 }),
      spoil: () => (seen.spoilt = true),
      settled: () => (seen.settled = true),
    },
    { text: "hello", images: [] },
    stop.signal,
  )[Symbol.asyncIterator]();
  return { clock, seen, stop, events, say: (word: Word) => hear(word) };
}

test("a reader that is too slow makes the program wait, and lets it go on again", async () => {
  const { seen, events, say } = rig();
  const first = events.next();
  await settle();
  say(NOISE);
  await first;
  for (let i = 0; i < CLAUDE_LIMITS.queuedFrames + 10; i++) say(NOISE);
  assert.deepEqual(seen.holds, [true]);
  for (let i = 0; i < CLAUDE_LIMITS.queuedFrames; i++) await events.next();
  assert.deepEqual(seen.holds, [true, false]);
});

test("a stop writes one interrupt; without an end the process is ended after its time, and not before", async () => {
  const { clock, seen, stop, events } = rig();
  const next = events.next();
  await settle();
  stop.abort();
  await clock.advance(CLAUDE_LIMITS.interrupt - 1);
  assert.equal(seen.written.filter((line) => line.includes("interrupt")).length, 1);
  assert.deepEqual([seen.ended, seen.settled], [0, false]);
  await clock.advance(1);
  const { value } = await next;
  assert.equal(value?.kind === "failed" && value.failure.class, "cancelled");
  assert.deepEqual([seen.ended, seen.spoilt, seen.settled, clock.pending], [1, true, true, 0]);
});

test("a limit that would be waited out for long interrupts the turn, and is told as a wait", async () => {
  const { clock, seen, events, say } = rig();
  const next = events.next();
  await settle();
  const prompt = /"uuid":"([^"]+)"/.exec(seen.written[0] ?? "")?.[1] ?? "";
  say({
    kind: "frame",
    frame: { about: [prompt], type: "retry", attempt: 1, status: 429, delayMs: 60_000, error: "rate_limit" },
  });
  await clock.advance(CLAUDE_LIMITS.interrupt);
  const { value } = await next;
  assert.ok(value?.kind === "failed" && value.failure.class === "wait");
  assert.equal(value.failure.until, clock.now() - CLAUDE_LIMITS.interrupt + 60_000);
});
