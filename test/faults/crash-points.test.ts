// Killed at one place of a message's way each: what the next start makes of it, as the people and the harness saw it.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readWitness } from "../fakes/harness/witness.ts";
import { eventually, setStage, type Stage } from "../failpoints/stage.ts";
import type { Point } from "../failpoints/points.ts";
import type { Gateway } from "../gateway/program.ts";
import { custodyProcesses } from "../sweeps/crash/witnesses.ts";

const PERSON = 12345;
const WORDS = "the words of this very message";
const MARK = "↻ sent again:";

interface Facts {
  /** Visible messages that hold the answer. */
  readonly copies: number;
  /** Of these, marked as repeats. */
  readonly marked: number;
  /** Prompts that the harness was given with the person's own words. */
  readonly prompts: number;
  readonly rows: number;
  readonly duplicates: number;
  readonly inDoubt: number;
  readonly adopted: number;
}

/** Says one thing to a gateway that dies at the point, and looks at what its successor makes of it. */
async function dieAt(t: TestContext, point: Point, text = WORDS): Promise<Facts & { readonly stage: Stage }> {
  const stage = await setStage(t);
  const { updateId } = stage.telegram.say(text);
  const died = await stage.startUntil(point).exited;
  assert.equal(died.signal, "SIGKILL", `${point} was reached`);
  const gateway = await stage.start();
  await eventually(() => stage.telegram.confirmedOffset > updateId, "the confirmation");
  return { ...(await factsOf(stage, gateway)), stage };
}

/** Waits until nothing waits any more, and asks everybody. */
async function factsOf(stage: Stage, gateway: Gateway): Promise<Facts> {
  await eventually(async () => {
    const { json } = await gateway.api("/api/v1/messages?limit=200");
    const messages = json["messages"] as readonly { state: string }[];
    return messages.length > 0 && messages.every(({ state }) => state === "done");
  }, "the end of every message");
  const { json } = await gateway.api("/api/v1/messages?limit=200");
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  const shown = stage.shown(PERSON).filter((text) => text.includes(WORDS));
  const recovered = await gateway.logged("gateway.recovered");
  assert.equal(await gateway.stop(), 0);
  return {
    copies: shown.length,
    marked: shown.filter((text) => text.startsWith(MARK)).length,
    prompts: stage.claude.prompts().filter(({ text }) => text.includes(WORDS)).length,
    rows: (json["messages"] as unknown[]).length,
    duplicates: Number(/^rollcall_duplicates_suppressed_total (\d+)/m.exec(metrics)?.[1] ?? 0),
    inDoubt: Number(recovered["inDoubt"]),
    adopted: Number(recovered["adopted"]),
  };
}

test("before the accept commits: nothing was confirmed, and what comes again is accepted once", async (t) => {
  const { rows, copies, prompts } = await dieAt(t, "store.accept:before");
  assert.deepEqual({ rows, copies, prompts }, { rows: 1, copies: 1, prompts: 1 });
  t.diagnostic(`killed before the accept commits: lost ${1 - rows}, copies ${copies}`);
});

test("after the accept, before the confirm: what comes again is known", async (t) => {
  const { rows, duplicates, copies, prompts } = await dieAt(t, "intake.accept:after");
  assert.deepEqual({ rows, copies, prompts }, { rows: 1, copies: 1, prompts: 1 });
  assert.ok(duplicates >= 1);
  t.diagnostic(
    `killed after the accept, before the confirm: rows ${rows}, duplicates suppressed ${duplicates}`,
  );
});

test("between a commit and everything that follows from it: as after the accept", async (t) => {
  const { rows, copies, prompts } = await dieAt(t, "store.accept:after");
  assert.deepEqual({ rows, copies, prompts }, { rows: 1, copies: 1, prompts: 1 });
});

test("after the claim, before the spawn: it starts once", async (t) => {
  const { copies, prompts, stage } = await dieAt(t, "store.claim:after");
  const starts = new Set(readWitness(join(stage.home.dir, "claude")).map(({ pid }) => pid)).size;
  assert.deepEqual({ copies, prompts, starts }, { copies: 1, prompts: 1, starts: 1 });
  t.diagnostic(`killed after the claim, before the spawn: starts ${starts}`);
});

test(
  "in the middle of a turn with a tool at work: its tree is ended, and the turn goes on with the person's own text",
  { skip: existsSync("/proc/self/environ") ? false : "trees are found by /proc" },
  async (t) => {
    const stage = await setStage(t);
    stage.telegram.say(`fake:once fake:shell=5000 ${WORDS}`);
    const first = await stage.start();
    await eventually(() => stage.claude.tools().length === 1, "the tool");
    const before = custodyProcesses(stage.home.dir);
    await first.kill();
    const gateway = await stage.start();
    await eventually(() => stage.claude.prompts().length === 2, "the second prompt");
    const left = custodyProcesses(stage.home.dir).filter((pid) => before.includes(pid));
    const { copies, prompts } = await factsOf(stage, gateway);
    const tools = stage.claude.tools().length;
    assert.ok(before.length >= 2, "a harness and its tool");
    assert.deepEqual({ left, copies, prompts, tools }, { left: [], copies: 1, prompts: 2, tools: 1 });
    assert.match(stage.claude.prompts()[1]?.text ?? "", /^interrupted: /m);
    t.diagnostic(
      `killed in mid-turn: survivors ${left.length} of ${before.length}, reruns ${prompts - 1}, tool runs ${tools}`,
    );
  },
);

test("the answer is there, and not committed: it is taken from the harness's own record", async (t) => {
  const { copies, prompts, adopted } = await dieAt(t, "harness.event:final");
  assert.deepEqual({ copies, prompts, adopted }, { copies: 1, prompts: 1, adopted: 1 });
  t.diagnostic(`killed before the answer commits: reruns ${prompts - 1}, adopted ${adopted}`);
});

test("the answer is committed, and not sent: it is sent once", async (t) => {
  const { copies, marked, prompts } = await dieAt(t, "store.answer:after");
  assert.deepEqual({ copies, marked, prompts }, { copies: 1, marked: 0, prompts: 1 });
  t.diagnostic(`killed before the send: copies ${copies}`);
});

test("the intent is written, and no byte was sent: it is sent with the mark of a repeat", async (t) => {
  const { copies, marked, inDoubt } = await dieAt(t, "store.sending:after");
  assert.deepEqual({ copies, marked, inDoubt }, { copies: 1, marked: 1, inDoubt: 1 });
  t.diagnostic(`killed after the intent: in doubt ${inDoubt}, copies ${copies}, marked ${marked}`);
});

for (const point of ["wire.send:answered", "channel.send:after"] as const)
  test(`it was sent, and nobody knows (${point}): the repeat is marked`, async (t) => {
    const { copies, marked, inDoubt } = await dieAt(t, point);
    assert.deepEqual({ copies, marked, inDoubt }, { copies: 2, marked: 1, inDoubt: 1 });
    t.diagnostic(
      `killed after the send (${point}): copies ${copies}, of the repeats marked ${marked} of ${copies - 1}`,
    );
  });

test("it was sent, and that is known: it isn't sent again", async (t) => {
  const { copies, marked, inDoubt } = await dieAt(t, "store.settle:after");
  assert.deepEqual({ copies, marked, inDoubt }, { copies: 1, marked: 0, inDoubt: 0 });
  t.diagnostic(`killed after the send was settled: copies ${copies}`);
});

/** Ways through a start with interrupted turns, each to its own end. */
const IN_RECOVERY: readonly Point[] = [
  "store.open:before",
  "store.open:after",
  "boot.store:after",
  "recover.reap:before",
  "process.reap:before",
  "process.reap:after",
  "recover.reap:after",
  "recover.outbox:before",
  "recover.outbox:after",
  "boot.listen:after",
  "recover.turns:before",
  "harness.transcript:before",
  "harness.transcript:after",
  "store.endTurn:before",
  "store.endTurn:after",
];

test(`killed ${IN_RECOVERY.length} times in a row while it recovers: the next start answers everything`, async (t) => {
  const stage = await setStage(t);
  const people = [301, 302, 303];
  for (const from of people) stage.telegram.say(`fake:once fake:work=60000 ${WORDS} of ${from}`, { from });
  const first = await stage.start();
  await eventually(() => stage.claude.prompts().length === people.length, "the prompts");
  await first.kill();
  for (const point of IN_RECOVERY)
    assert.equal((await stage.startUntil(point).exited).signal, "SIGKILL", point);
  const gateway = await stage.start();
  const { prompts } = await factsOf(stage, gateway);
  const shown = people.map(
    (person) => stage.shown(person).filter((text) => text.includes(`${WORDS} of ${person}`)).length,
  );
  assert.deepEqual(shown, [1, 1, 1]);
  assert.equal(prompts, 2 * people.length);
  t.diagnostic(
    `killed ${IN_RECOVERY.length} times in recovery: boots needed 1, reruns ${prompts - people.length}, lost 0`,
  );
});
