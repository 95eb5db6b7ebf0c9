// What is told of earlier messages, to a harness that has no session of its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRig } from "../fakes/core-rig.ts";
import { createScriptHarness, failing } from "../fakes/script-harness.ts";

test("a harness without a memory is told what was said; one that has no use for it isn't", async (t) => {
  for (const forgetful of [false, true]) {
    const echo = { ...createScriptHarness("echo"), resumes: false, forgetful };
    const rig = await createRig({ harnesses: new Map([["echo", echo]]) });
    t.after(() => rig.stop());
    await rig.say("the first words");
    await rig.run();
    await rig.say("second");
    await rig.run();
    const told = echo.prompts.at(-1)?.text ?? "";
    assert.equal(told.includes("the first words"), !forgetful, `forgetful: ${forgetful}`);
    assert.deepEqual(rig.texts(), ["echo: the first words", "echo: second"]);
  }
});

test("as a fallback, it is still said to know nothing of what was said before", async (t) => {
  const main = createScriptHarness("main");
  const echo = { ...createScriptHarness("echo"), resumes: false, forgetful: true };
  const rig = await createRig({
    agents: [{ model: { primary: "main/a", fallbacks: ["echo/b"] } }],
    harnesses: new Map([
      ["main", main],
      ["echo", echo],
    ]),
  });
  t.after(() => rig.stop());
  await rig.say("first");
  await rig.run();
  main.script = failing({ class: "structural" });
  await rig.say("second");
  await rig.run();
  assert.match(rig.texts().at(-1) ?? "", /Answered by echo\/b.*It knows only.*echo: second$/s);
});
