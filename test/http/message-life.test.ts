import assert from "node:assert/strict";
import { test } from "node:test";
import { messageJson } from "../../src/http/message-json.ts";
import { MINUTE } from "../../src/core/time.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";
import { failing } from "../fakes/script-harness.ts";

type Line = Readonly<Record<string, unknown>>;

async function lifeOf(rig: Rig, id: string): Promise<readonly Line[]> {
  const stored = await rig.store.message(id as never);
  assert.ok(stored);
  return messageJson(stored, true)["history"] as readonly Line[];
}

test("every step says when, under which epoch, and which attempt, harness and model it was of", async () => {
  const model = { primary: "one/big", fallbacks: ["two/small"] };
  const rig = await createRig({ agents: [{ model }] });
  rig.harness("one").script = failing({ class: "failed", detail: "500" });
  const said = await rig.say("hello");
  const id = said.outcome === "accepted" ? said.entry.id : assert.fail();
  await rig.run(MINUTE);
  const life = await lifeOf(rig, id);
  const told = life.map(({ event, attempt, generation, harness, model: asked }) => [
    event,
    attempt,
    generation,
    harness,
    asked,
  ]);
  assert.deepEqual(told, [
    ["accepted", undefined, undefined, undefined, undefined],
    ["claimed", 1, 1, undefined, undefined],
    ["prompted", 1, 1, "one", "big"],
    ["attempt", 2, 1, undefined, undefined],
    ["prompted", 2, 1, "two", "small"],
    ["answered", 2, 1, "two", "small"],
    ["sending", 1, undefined, undefined, undefined],
    ["sent", 1, undefined, undefined, undefined],
    ["done", undefined, undefined, undefined, undefined],
  ]);
  for (const { at, epoch } of life) {
    assert.match(String(at), /^\d{4}-\d\d-\d\dT/);
    assert.equal(epoch, rig.store.epoch);
  }
  const [, , , attempt, , answered, , sent] = life;
  assert.deepEqual(
    [attempt?.["code"], attempt?.["detail"], answered?.["tools"]],
    ["harness-failed", "500", 0],
  );
  assert.equal(sent?.["platformId"], "p1");
  assert.match(String(sent?.["delivery"]), /^reply:t_\w+:0$/);
  await rig.stop();
});

test("messages of one turn have one life from the claim on, and name each other", async () => {
  const rig = await createRig();
  const [a, b] = await Promise.all([rig.say("one"), rig.say("two")]);
  assert.ok(a.outcome === "accepted" && b.outcome === "accepted");
  await rig.run(MINUTE);
  const events = async (id: string): Promise<unknown[]> => (await lifeOf(rig, id)).map(({ event }) => event);
  assert.deepEqual(await events(a.entry.id), await events(b.entry.id));
  assert.ok((await events(a.entry.id)).includes("sent"));
  const stored = (await rig.store.message(a.entry.id)) ?? assert.fail();
  assert.deepEqual(messageJson(stored, true)["ranWith"], [b.entry.id]);
  await rig.stop();
});
