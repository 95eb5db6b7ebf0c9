import assert from "node:assert/strict";
import { test } from "node:test";
import { echo } from "../../src/harnesses/echo/echo.ts";
import { harnessSuite, specOf } from "../contracts/harness-suite.ts";
import { promptAndRead } from "../contracts/harness-events.ts";
import { rigOf } from "./rig.ts";

const none = "it answers in process, and keeps nothing";

harnessSuite({
  name: "echo",
  rig: () => rigOf(echo, { options: { delay: "1ms" } }),
  without: {
    processes: none,
    memory: none,
    "native sessions": none,
    pool: none,
    "late words": none,
    transcript: none,
  },
  prompts: {
    plain: { text: "the word is aubergine", words: /aubergine/ },
    recall: "",
    slow: "word ".repeat(100_000),
    late: "",
    failing: [],
  },
});

async function echoed(text: string): Promise<string | undefined> {
  const rig = await rigOf(echo);
  const session = await rig.harness.open(specOf(rig.workspace), new AbortController().signal);
  const { final, shown } = await promptAndRead(session, text);
  assert.equal(shown, final?.text);
  await session.release(false);
  await rig.tidyUp();
  return final?.text;
}

test("echo says the user's own words, without the envelope's head", async () => {
  assert.equal(await echoed("[rollcall t_1]\nfrom: Ann\n---\nhello  there\nyou"), "hello  there\nyou");
  assert.equal(await echoed("[rollcall t_1]\nfrom: Ann\n---\nabove\n---\nbelow"), "above\n---\nbelow");
  assert.equal(await echoed("no head\n---\nat all"), "no head\n---\nat all");
});

test("echo's defaults are what its schema makes of nothing", async () => {
  assert.deepEqual((await echo.schema()).parse({}), echo.defaults);
});

for (const [fail, kind] of [["structural"], ["wait"], ["refused"], ["protocol"], ["failed"]].map(([k]) => [
  k,
  k,
])) {
  test(`echo fails as ${kind} when it is told to`, async () => {
    const rig = await rigOf(echo, { options: { fail } });
    const session = await rig.harness.open(specOf(rig.workspace), new AbortController().signal);
    assert.equal((await promptAndRead(session, "hello")).failure?.class, kind);
    await rig.tidyUp();
  });
}
