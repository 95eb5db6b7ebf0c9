// What a harness may do wrong with its mouth: speak garbage, end in every way, say too much, or never listen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startRig } from "./harness-rig.ts";

test("garbage and half JSON are protocol faults with a kept sample; split characters are none", async (t) => {
  const rig = await startRig(t, [{ id: "garbage" }, { id: "half" }, { id: "split" }]);
  const garbage = await rig.ask("garbage", "fake:garbage");
  const half = await rig.ask("half", "fake:half");
  const split = await rig.ask("split", "fake:split");
  for (const { harness, reply } of [garbage, half]) {
    assert.equal(harness, "echo", "the next candidate answers");
    assert.match(reply?.text ?? "", /^_Answered by echo\/default/);
  }
  assert.equal(split.reply?.text, "Grüße, 世界 👋🏽");
  const [first] = rig.ends("garbage");
  assert.equal(first?.["code"], "harness-protocol");
  assert.match(String(first?.["detail"]), /Segmentation fault \(not really\)/);
  const [cut] = rig.ends("half");
  assert.equal(cut?.["code"], "harness-protocol");
  assert.match(String(cut?.["detail"]), /"type\\*":/);
  assert.equal(await rig.gateway.stop(), 0);
  t.diagnostic("crashes 0; answered 3 of 3, two by the next candidate");
});

test("every way to end without an answer has its own reason", async (t) => {
  const ways = [
    { id: "zero", prompt: "fake:exit=0", says: /exit code 0, without an answer/ },
    { id: "one", prompt: "fake:exit=1", says: /exit code 1; last words: fake: something broke/ },
    { id: "segv", prompt: "fake:signal=SIGSEGV", says: /ended by signal SIGSEGV/ },
    { id: "kill", prompt: "fake:signal=SIGKILL", says: /ended by signal SIGKILL/ },
  ];
  const rig = await startRig(t, ways);
  let classified = 0;
  for (const { id, prompt, says } of ways) {
    const message = await rig.ask(id, prompt);
    assert.match(message.reply?.text ?? "", /^_Answered by echo\/default/);
    const [end] = rig.ends(id);
    assert.deepEqual([end?.["outcome"], end?.["code"]], ["failed", "harness-exited"]);
    assert.match(String(end?.["detail"]), says);
    assert.equal((await rig.candidate(id))["available"], true, "one end in one turn is not structural");
    classified += 1;
  }
  assert.equal(await rig.gateway.stop(), 0);
  t.diagnostic(`classified ${(100 * classified) / ways.length} % of ${ways.length}`);
});

test("of two final answers the first counts", async (t) => {
  const rig = await startRig(t, [{ id: "twice" }]);
  const message = await rig.ask("twice", "fake:twofinals");
  assert.equal(message.reply?.text, "the first");
  const again = await rig.ask("twice", "and now");
  assert.match(again.reply?.text ?? "", /You said: and now/);
  const replies = (await rig.message(message.id)).deliveries.filter(({ kind }) => kind === "reply");
  assert.equal(replies.length, 1);
  assert.equal(await rig.gateway.stop(), 0);
  t.diagnostic(`replies ${replies.length}`);
});

test("floods on both mouths, and one that never listens, take no memory and no other agent with them", async (t) => {
  const cases = ["line", "flood", "noise", "deaf", "well"].map((id) => ({ id }));
  const rig = await startRig(t, cases);
  await rig.ask("well", "hello");
  const before = rig.memory();
  const [line, flood, noise, deaf, well] = await Promise.all([
    rig.ask("line", "fake:line"),
    rig.ask("flood", "fake:flood=100000"),
    rig.ask("noise", "fake:stderr=64"),
    rig.ask("deaf", `fake:nostdin ${"x".repeat(150_000)}`),
    rig.ask("well", "hello again"),
  ]);
  const after = rig.memory();
  assert.equal(line.harness, "echo");
  const [cut] = rig.ends("line");
  assert.equal(cut?.["code"], "harness-protocol");
  assert.match(String(cut?.["detail"]), /a line of more than 8388608 bytes/);
  assert.match(flood.reply?.text ?? "", /You said/);
  assert.equal(noise.reply?.text, "that was much");
  assert.equal(deaf.harness, "echo");
  assert.equal(rig.ends("deaf")[0]?.["code"], "harness-deadline");
  assert.match(well.reply?.text ?? "", /You said: hello again/);
  assert.ok(after - before < 400, `${before} MiB became ${after} MiB`);
  assert.equal(await rig.gateway.stop(), 0);
  t.diagnostic(`resident memory ${before} MiB before, ${after} MiB after a line of 9 MiB, 64 MiB of noise`);
});
