import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import type { HarnessEvent, SessionSpec } from "../../src/ports/harness.ts";
import { promptAndRead } from "../contracts/harness-events.ts";
import { specOf } from "../contracts/harness-suite.ts";
import { alive } from "../harnesses/rig.ts";
import type { Answer, ModelRequest } from "./fake-model-api.ts";
import { realClaudeRig, type RealRig } from "./real-claude.ts";

const never = new AbortController().signal;

async function withRig(
  given: Parameters<typeof realClaudeRig>[0],
  run: (rig: RealRig) => Promise<void>,
): Promise<void> {
  const rig = await realClaudeRig(given);
  try {
    await run(rig);
  } finally {
    await rig.harness.close(2000);
    assert.deepEqual(rig.living(), []);
    await rig.tidyUp();
  }
}

/** A model that uses one tool, and then tells what came of it. */
function usesTool(name: string, input: Record<string, unknown>): (request: ModelRequest) => Answer {
  return ({ toolResults }) => {
    const result = toolResults.at(-1);
    if (result === undefined)
      return {
        kind: "blocks",
        blocks: [
          { type: "text", text: "Let me look." },
          { type: "tool_use", name, input },
        ],
      };
    return { kind: "blocks", blocks: [{ type: "text", text: `It said: ${result.text}` }] };
  };
}

async function openOne(rig: RealRig, over: Partial<SessionSpec> = {}) {
  return rig.harness.open(specOf(rig.workspace, over), never);
}

const kinds = (events: readonly HarnessEvent[]): string[] =>
  events.map(({ kind }) => kind).filter((kind) => kind !== "alive" && kind !== "text" && kind !== "native");

test("a tool that isn't allowed is denied, and the model is told", () =>
  withRig({}, async (rig) => {
    const file = path.join(rig.dir, "written");
    rig.api.answer(usesTool("Bash", { command: `touch ${file}`, description: "x" }));
    const turn = await promptAndRead(await openOne(rig), "do it");
    assert.deepEqual(kinds(turn.events), ["opened", "permission", "closed", "final"]);
    assert.match(turn.final?.text ?? "", /It said: Bash is not allowed here/);
    assert.equal(existsSync(file), false);
  }));

test("a tool that is allowed runs, and its time is open", () =>
  withRig({}, async (rig) => {
    const file = path.join(rig.workspace, "written");
    rig.api.answer(usesTool("Bash", { command: `touch ${file}`, description: "x" }));
    const session = await openOne(rig, { permissions: { policy: "allow-list", allow: ["Bash"] } });
    const turn = await promptAndRead(session, "do it");
    assert.ok(turn.final !== undefined);
    assert.equal(existsSync(file), true);
    assert.deepEqual(
      kinds(turn.events).filter((kind) => kind !== "permission"),
      ["opened", "closed", "final"],
    );
  }));

test("stopping in the middle of a tool ends the tool too", () =>
  withRig({}, async (rig) => {
    const pidFile = path.join(rig.workspace, "pid");
    rig.api.answer(usesTool("Bash", { command: `echo $$ > ${pidFile}; sleep 300`, description: "x" }));
    const session = await openOne(rig, { permissions: { policy: "allow-list", allow: ["Bash"] } });
    const stop = new AbortController();
    const reading = promptAndRead(session, "do it", stop.signal);
    while (!existsSync(pidFile)) await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    assert.equal((await reading).failure?.class, "cancelled");
    await session.release(true);
    assert.deepEqual(rig.living(), []);
  }));

test("nobody logged in: the probe says so at L2, and a turn says so too", () =>
  withRig({ key: null }, async (rig) => {
    const proof = await rig.harness.probe("default", "L2", never);
    assert.ok(!proof.ok);
    assert.deepEqual(
      [proof.level, proof.failure.class, proof.failure.code],
      ["L2", "structural", "harness-login"],
    );
    const { failure } = await promptAndRead(await openOne(rig), "hello");
    assert.deepEqual([failure?.class, failure?.code], ["structural", "harness-login"]);
    assert.equal(rig.api.requests.length, 0);
  }));

test("a turn proves the credential at L3, and a bad key is found there", () =>
  withRig({}, async (rig) => {
    const good = await rig.harness.probe("default", "L3", never);
    assert.ok(good.ok && good.level === "L3" && good.paidBy === "key", JSON.stringify(good));
    assert.match(good.version ?? "", /^\d+\.\d+\.\d+/);
    rig.api.answer(() => ({
      kind: "error",
      status: 401,
      type: "authentication_error",
      message: "invalid x-api-key",
    }));
    const bad = await rig.harness.probe("default", "L3", never);
    assert.ok(!bad.ok && bad.failure.code === "harness-login", JSON.stringify(bad));
  }));

test("the model, the instructions and the prompt reach the service as they are", () =>
  withRig({}, async (rig) => {
    const instructions = '--dangerously-skip-permissions $(id) "quoted"\nand a second line';
    const session = await openOne(rig, { model: "claude-haiku-4-5", instructions });
    const text = "--version $(id) `id`\n/clear\n--- ünï 👋";
    await promptAndRead(session, text);
    const request = rig.api.requests.at(-1);
    assert.equal(request?.model, "claude-haiku-4-5");
    assert.ok(request?.system.includes(instructions) ?? false, "instructions");
    assert.ok(request?.said.includes(text) ?? false, request?.said);
  }));

test("an image is shown to the model", () =>
  withRig({}, async (rig) => {
    const pixel =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    await mkdir(rig.workspace, { recursive: true });
    const file = path.join(rig.workspace, "pixel.png");
    await writeFile(file, Buffer.from(pixel, "base64"));
    const turn = await promptAndRead(await openOne(rig), {
      text: "look",
      images: [{ path: file, mime: "image/png" }],
    });
    assert.ok(turn.final !== undefined, turn.failure?.detail);
    assert.equal(rig.api.requests.at(-1)?.images, 1);
  }));

test("each turn has its own cost and tokens, also after a resume", () =>
  withRig({}, async (rig) => {
    const first = await openOne(rig);
    const one = await promptAndRead(first, "one");
    await first.release(true);
    const second = await openOne(rig, { resume: first.native });
    const two = await promptAndRead(second, "two");
    assert.ok((one.final?.usage?.usd ?? 0) > 0);
    assert.ok(Math.abs((two.final?.usage?.usd ?? 0) - (one.final?.usage?.usd ?? 0)) < 1e-9);
    assert.deepEqual([one.final?.usage?.inputTokens, one.final?.usage?.outputTokens], [100, 20]);
  }));

test("a limit with a time says when it ends", () =>
  withRig({}, async (rig) => {
    const before = Date.now();
    const { failure } = await promptAndRead(await openOne(rig), "fail 429");
    assert.ok((failure?.until ?? 0) >= before + 30_000 && (failure?.until ?? 0) < before + 120_000);
  }));

test("after a failed turn the same process answers the next one", () =>
  withRig({}, async (rig) => {
    const session = await openOne(rig);
    assert.equal((await promptAndRead(session, "fail 500")).failure?.class, "failed");
    await session.release(false);
    const again = await openOne(rig, { resume: session.native });
    assert.deepEqual(again.custody, session.custody);
    assert.match((await promptAndRead(again, "hello")).final?.text ?? "", /^You said:[^]*hello$/);
  }));

test("a program that was killed in mid-turn is classified, and its session goes on", () =>
  withRig({}, async (rig) => {
    const session = await openOne(rig);
    await promptAndRead(session, "the word is aubergine");
    const turn = await promptAndRead(session, "take your time", never, ({ kind }) => {
      if (kind === "text" && alive(session.custody?.pid ?? 0))
        process.kill(session.custody?.pid ?? 0, "SIGKILL");
    });
    assert.equal(turn.failure?.code, "harness-exited");
    assert.match(turn.failure?.detail ?? "", /SIGKILL/);
    await session.release(false);
    const again = await openOne(rig, { resume: session.native });
    assert.equal(again.fresh, false);
    assert.match((await promptAndRead(again, "what was it?")).final?.text ?? "", /aubergine/);
  }));
