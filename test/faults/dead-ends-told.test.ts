// No message ends without an answer and without a word to its sender: the word is planned in the transaction that ends
// it. Looked for at every commit, over the whole failure table and every other way out of the queue.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentConfig } from "../../src/core/config.ts";
import { FAILURE_TABLE, type Failure, type FailureClass } from "../../src/core/failure.ts";
import type { MessageId, SessionKey } from "../../src/core/ids.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { createMemoryDisk, type MemoryDisk } from "../../src/store/sqlite/open.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";
import { failing, hang, type Script } from "../fakes/script-harness.ts";

/** Ended without an answer that was sent, and nothing says so to anybody, as far as the transaction knows. */
const UNTOLD = `SELECT e.id, e.state FROM entries e WHERE e.kind = 'message'
  AND e.state IN ('dead', 'cancelled', 'quarantined') AND NOT EXISTS (
    SELECT 1 FROM deliveries d WHERE d.kind IN ('notice', 'reply') AND (d.entry = e.id OR d.turn = e.turn))`;

/** A disk that looks at every commit, before it is one. */
function watchedDisk(): { disk: MemoryDisk; untold: string[]; commits: () => number } {
  const disk = createMemoryDisk();
  const untold: string[] = [];
  let commits = 0;
  const { db } = disk;
  const run: typeof db.run = (sql, ...values) => {
    if (sql === "COMMIT") {
      commits += 1;
      for (const { id, state } of db.all<{ id: string; state: string }>(UNTOLD))
        untold.push(`${id} ${state}`);
    }
    return db.run(sql, ...values);
  };
  return { disk: { ...disk, db: { ...db, run } }, untold, commits: () => commits };
}

const started = (failure: Failure): Script =>
  async function* () {
    yield { kind: "opened", id: "1", what: "tool", name: "Bash" };
    yield { kind: "closed", id: "1" };
    yield { kind: "failed", failure };
  };

interface Scenario {
  readonly name: FailureClass;
  readonly began: boolean;
  readonly fallback: boolean;
  readonly rule: AgentConfig["onInterrupted"];
}

const hold = { noticeAfter: 5 * SECOND, askAfter: 2 * MINUTE, max: 4 * MINUTE };

async function play({
  name,
  began,
  fallback,
  rule,
}: Scenario): Promise<{ ends: string[]; untold: string[]; commits: number }> {
  const { disk, untold, commits } = watchedDisk();
  const model = { primary: "one/default", fallbacks: fallback ? ["two/default"] : [] };
  const rig = await createRig({ agents: [{ model, hold, onInterrupted: rule }], disk });
  const failure: Failure = { class: name, code: "harness-failed", detail: "scripted", deadline: "total" };
  for (const harness of rig.harnesses.values())
    harness.script = began ? started(failure) : failing({ ...failure });
  // One turn of two messages, and one of a single message.
  await Promise.all([rig.say("first"), rig.say("second")]);
  await rig.run(12 * MINUTE);
  await rig.say("third");
  await rig.run(12 * MINUTE);
  const { rows } = (await rig.store.recount(100)) ?? assert.fail();
  const ends = Object.entries(rows).flatMap(([state, n]) => (n > 0 ? [`${n} ${state}`] : []));
  await rig.stop();
  return { ends, untold, commits: commits() };
}

/** The agent's rule decides only about what had begun. */
const rulesOf = (name: FailureClass, began: boolean): readonly AgentConfig["onInterrupted"][] =>
  began && FAILURE_TABLE[name].started.next === "interrupted" ? ["resume", "rerun", "ask"] : ["resume"];

test("whatever a turn's failure is, its messages end, and their sender is told in the same step", async (t) => {
  let [scenarios, commits] = [0, 0];
  for (const name of Object.keys(FAILURE_TABLE) as FailureClass[])
    for (const began of [false, true])
      for (const fallback of [false, true])
        for (const rule of rulesOf(name, began)) {
          const scenario = `${name}${began ? ", started" : ""}${fallback ? ", fallback" : ""}, ${rule}`;
          const played = await play({ name, began, fallback, rule });
          assert.deepEqual(played.untold, [], scenario);
          assert.ok(
            played.ends.every((end) => /^\d+ (?:done|dead|cancelled)$/.test(end)),
            `${scenario}: ${played.ends.join(", ")}`,
          );
          scenarios += 1;
          commits += played.commits;
        }
  t.diagnostic(`${scenarios} ways to fail, ${commits} commits, 0 messages that ended without a word`);
});

type Act = (rig: Rig, id: MessageId) => Promise<unknown>;
const by = { name: "token ci" };

/** Each way out that isn't a failure of a turn. */
const WAYS: Readonly<Record<string, { readonly held: boolean; readonly act: Act }>> = {
  "a hold that expires": { held: true, act: (rig) => rig.run(5 * MINUTE) },
  "a question that nobody answers": {
    held: true,
    async act(rig) {
      await rig.run(3 * MINUTE);
      rig.harness("echo").probes = null;
      await rig.run(2 * MINUTE);
      await rig.run(5 * MINUTE);
    },
  },
  "an operator who cancels what is held": {
    held: true,
    act: (rig, id) => rig.pipeline.operate.cancel(id, by),
  },
  "an operator who cancels what runs": {
    held: false,
    async act(rig, id) {
      await rig.pipeline.operate.cancel(id, by);
      await rig.run(MINUTE);
    },
  },
  "an operator who stops a session": {
    held: true,
    act: (rig) => rig.pipeline.operate.stopSession("agent:main:telegram:direct:100" as SessionKey, by),
  },
};

for (const [way, { held, act }] of Object.entries(WAYS)) {
  test(`${way} has the sender told in the same step`, async () => {
    const { disk, untold } = watchedDisk();
    const rig = await createRig({ agents: [{ hold }], disk });
    const echo = rig.harness("echo");
    echo.script = hang;
    if (held) echo.probes = { class: "structural", code: "harness-missing", detail: "gone" };
    await rig.run(MINUTE);
    const said = await rig.say("hello");
    const id = said.outcome === "accepted" ? said.entry.id : assert.fail();
    await rig.run(SECOND);
    await act(rig, id);
    await rig.run(MINUTE);
    const state = (await rig.store.message(id))?.entry.state;
    assert.ok(state === "dead" || state === "cancelled", state);
    assert.deepEqual(untold, []);
    assert.ok(rig.texts().length > 0);
    await rig.stop();
  });
}
