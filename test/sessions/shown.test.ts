// Answers for people who read the store itself, as on the chat page: sent by being stored.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRig } from "../fakes/core-rig.ts";
import { createScriptChannel } from "../fakes/script-channel.ts";
import { sayBack } from "../fakes/script-harness.ts";

const eventsOf = (message: { history: readonly { event: string }[] } | null): readonly string[] =>
  message?.history.map(({ event }) => event) ?? [];

test("where people read the store, a message is done with its answer, and the channel has nothing to do", async (t) => {
  const rig = await createRig({ channel: createScriptChannel("web", { readsStore: true }) });
  t.after(() => rig.stop());
  const accepted = await rig.say("hello");
  await rig.run();
  assert.ok(accepted.outcome === "accepted");
  const message = await rig.store.message(accepted.entry.id);
  assert.deepEqual(eventsOf(message), ["accepted", "claimed", "prompted", "answered", "sent", "done"]);
  assert.deepEqual(rig.channel.sent, []);
  assert.deepEqual(
    rig.events.flatMap((event) => (event.type === "message" ? [event.state] : [])),
    ["queued", "running", "done"],
  );
  const told = rig.log.map(({ event }) => event);
  assert.ok(told.includes("delivery.sent") && told.includes("message.done"));
});

test("of a turn with several messages, those are told as done that were in it to its end", async (t) => {
  const rig = await createRig({
    agents: [{ midTurn: "collect" }],
    channel: createScriptChannel("web", { readsStore: true }),
  });
  t.after(() => rig.stop());
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let turn = 0;
  rig.harness("echo").script = async function* (prompt) {
    await gates[turn++]?.promise;
    yield* sayBack(prompt);
  };
  await rig.say("first");
  await rig.run();
  const [second, third] = [await rig.say("second"), await rig.say("third")];
  gates[0]?.resolve();
  await rig.run();
  assert.ok(second.outcome === "accepted" && third.outcome === "accepted");
  const running = (await rig.store.message(second.entry.id))?.entry;
  assert.equal(running?.state, "running");
  const moved = await rig.store.move(
    [
      {
        id: running.id,
        from: "running",
        attempt: running.attempt,
        to: "cancelled",
        event: "cancelled",
      } as never,
    ],
    [],
    rig.clock.now(),
  );
  assert.ok(moved, "taken out of the turn");
  gates[1]?.resolve();
  await rig.run();
  const done = rig.events.flatMap((event) =>
    event.type === "message" && event.state === "done" ? [event.id] : [],
  );
  assert.equal(done.includes(second.entry.id), false);
  assert.equal(done.includes(third.entry.id), true);
});
