// What the program's record tells of a turn, from lines as it writes them, and from what a crash leaves of them.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { RECORD_LIMITS } from "../../src/harnesses/claude-cli/record-reader.ts";
import { readTranscript } from "../../src/harnesses/claude-cli/transcript.ts";
import type { Transcript } from "../../src/ports/harness.ts";

const SESSION = "7144b22b-799e-4cc5-9ac0-67329e660ad5";
const MARKER = "[rollcall t_1]";

const line = (fields: object): string => `${JSON.stringify({ isSidechain: false, ...fields })}\n`;
const prompt = (marker: string, over: object = {}): string => {
  const content = [{ type: "text", text: `${marker}\nfrom: Ada\n---\ndeploy it` }];
  return line({ type: "user", message: { role: "user", content }, ...over });
};
const blob = (marker: string): string => {
  const content = [{ type: "text", text: `${marker}\nfrom: Ada` }];
  return line({ type: "api-request-blob", message: { role: "user", content } });
};
const model = (id: string, content: readonly object[], stop: string | null, over: object = {}): string => {
  const usage = { input_tokens: 10, output_tokens: 2 };
  return line({ type: "assistant", message: { id, model: "m", content, stop_reason: stop, usage }, ...over });
};
const says = (text: string, id = "msg_1", over: object = {}): string =>
  model(id, [{ type: "text", text }], "end_turn", over);
const tool = (id = "msg_0"): string =>
  model(id, [{ type: "tool_use", id: "tu", name: "Bash", input: {} }], "tool_use");
const toolResult = (): string =>
  line({
    type: "user",
    message: { role: "user", content: [{ type: "tool_result", tool_use_id: "tu", content: "ok" }] },
  });

function home(t: TestContext): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), "rollcall-record-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function told(t: TestContext, record: string | Buffer, marker = MARKER): Promise<Transcript> {
  const dir = home(t);
  const folder = path.join(dir, ".claude", "projects", "-work-space");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${SESSION}.jsonl`), record);
  return readTranscript({ HOME: dir }, { native: SESSION, workspace: "/work/space", marker });
}

const answered = (text: string, calls = 1): Transcript => ({
  kind: "answered",
  text,
  files: [],
  usage: { inputTokens: 10 * calls, outputTokens: 2 * calls },
});

const cases: Readonly<Record<string, readonly [record: string, is: Transcript]>> = {
  "an answer": [prompt(MARKER) + blob(MARKER) + says("done"), answered("done")],
  "an answer after a tool": [prompt(MARKER) + tool() + toolResult() + says("done"), answered("done", 2)],
  "an answer of two blocks: the last one, as the program's own result has it": [
    prompt(MARKER) + says("one") + says("two"),
    answered("two"),
  ],
  "an answer with its thoughts before it": [
    prompt(MARKER) + model("msg_1", [{ type: "thinking", thinking: "…" }], "end_turn") + says("done"),
    answered("done"),
  ],
  "nothing yet": [prompt(MARKER), { kind: "prompted", started: false }],
  "a tool that was called": [prompt(MARKER) + tool(), { kind: "prompted", started: true }],
  "a tool that has answered": [prompt(MARKER) + tool() + toolResult(), { kind: "prompted", started: true }],
  "words before a tool that was called": [
    prompt(MARKER) + model("msg_1", [{ type: "text", text: "Let me look." }], "tool_use") + tool("msg_1"),
    { kind: "prompted", started: true },
  ],
  "words that were cut": [
    prompt(MARKER) + model("msg_1", [{ type: "text", text: "wor" }], null),
    { kind: "prompted", started: true },
  ],
  "an error of the service, which looks like an answer": [
    prompt(MARKER) + says("API Error: 500", "x", { isApiErrorMessage: true, error: "server_error" }),
    { kind: "prompted", started: false },
  ],
  "the program's own words where an answer is missing": [
    prompt(MARKER) +
      line({
        type: "assistant",
        message: {
          id: "y",
          model: "<synthetic>",
          content: [{ type: "text", text: "No response requested." }],
          stop_reason: "stop_sequence",
        },
      }),
    { kind: "prompted", started: false },
  ],
  "an interruption": [
    prompt(MARKER) +
      model("msg_1", [{ type: "text", text: "wor" }], null) +
      line({
        type: "user",
        message: { role: "user", content: [{ type: "text", text: "[Request interrupted by user]" }] },
      }),
    { kind: "prompted", started: true },
  ],
  "an answer that a hook sent back to work": [
    prompt(MARKER) +
      says("done") +
      line({ type: "user", isMeta: true, message: { role: "user", content: "Not yet." } }),
    { kind: "prompted", started: true },
  ],
  "a subagent's answer is not the turn's": [
    prompt(MARKER) + tool() + says("found it", "msg_9", { isSidechain: true }),
    { kind: "prompted", started: true },
  ],
  "a subagent that was given our words is not our prompt": [
    prompt(MARKER, { isSidechain: true }),
    { kind: "absent" },
  ],
  "a compaction in mid-turn": [
    prompt(MARKER) +
      tool() +
      line({ type: "system", subtype: "compact_boundary" }) +
      line({
        type: "user",
        isCompactSummary: true,
        message: { role: "user", content: `${MARKER}\nso far` },
      }) +
      says("done"),
    answered("done", 2),
  ],
  "what somebody else was told afterwards": [
    prompt(MARKER) + tool() + prompt("[rollcall t_2]") + says("another"),
    { kind: "prompted", started: true },
  ],
  "work of the program's own after the answer": [
    prompt(MARKER) +
      says("done") +
      line({ type: "user", message: { role: "user", content: "<task-notification>" } }) +
      says("noted", "msg_2"),
    answered("done"),
  ],
  "the last prompt of several with the same marker": [
    prompt(MARKER) + says("old") + prompt(MARKER) + tool(),
    { kind: "prompted", started: true },
  ],
  "a marker in the middle of somebody's words": [
    prompt(`quoting ${MARKER}`) + says("yes"),
    { kind: "absent" },
  ],
  "a prompt that was being written": [prompt(MARKER).slice(0, -20), { kind: "prompted", started: false }],
  "an answer that was being written": [
    prompt(MARKER) + says("done").slice(0, -20),
    { kind: "prompted", started: false },
  ],
  "an answer whose second block was being written": [
    prompt(MARKER) + says("one") + says("two").slice(0, -20),
    { kind: "prompted", started: true },
  ],
  "a torn line that the next program wrote on": [
    prompt(MARKER) + says("lost").slice(0, -20) + prompt("[rollcall t_2]") + prompt(MARKER) + says("done"),
    answered("done"),
  ],
  "an empty record": ["", { kind: "absent" }],
};

for (const [what, [record, is]] of Object.entries(cases))
  test(`the record tells: ${what}`, async (t) => assert.deepEqual(await told(t, record), is));

test("a record in another folder is found, and one that can't be read is an error, not an answer", async (t) => {
  const dir = home(t);
  const look = (config: string): Promise<Transcript> =>
    readTranscript({ CLAUDE_CONFIG_DIR: config }, { native: SESSION, workspace: "/moved", marker: MARKER });
  assert.deepEqual(await look(dir), { kind: "absent" });
  const folder = path.join(dir, "projects", "-where-it-was");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${SESSION}.jsonl`), prompt(MARKER) + says("done"));
  assert.deepEqual(await look(dir), answered("done"));
  mkdirSync(path.join(dir, "projects", "-moved", `${SESSION}.jsonl`), { recursive: true });
  await assert.rejects(look(dir), { code: "harness-failed" });
});

test("wherever the chunks end, and however long the lines are, the verdict is the same", async (t) => {
  const noise = fc.array(fc.nat(3 * RECORD_LIMITS.chunk), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(noise, noise, fc.boolean(), async (before, after, ends) => {
      const rubbish = (sizes: readonly number[]): string =>
        sizes.map((size) => line({ type: "attachment", text: "x".repeat(size) })).join("");
      const record = rubbish(before) + prompt(MARKER) + rubbish(after) + tool() + toolResult();
      const is = await told(t, record + (ends ? says("done") : "") + rubbish(before) + blob(MARKER));
      assert.deepEqual(is, ends ? answered("done", 2) : { kind: "prompted", started: true });
    }),
    { numRuns: 25 },
  );
});

test("a record of 64 MB is read within its bound, in little memory", async (t) => {
  const filler = Buffer.from(line({ type: "attachment", text: "x".repeat(1_000_000) }));
  const parts = [Buffer.from(prompt("[rollcall t_0]")), ...Array.from({ length: 64 }, () => filler)];
  const record = Buffer.concat([...parts, Buffer.from(prompt(MARKER) + says("done")), filler]);
  const begun = performance.now();
  assert.deepEqual(await told(t, record), answered("done"));
  assert.equal((await told(t, record, "[rollcall t_none]")).kind, "absent");
  t.diagnostic(
    `two looks into 64 MB, one of them in vain, with their writing: ${(performance.now() - begun) | 0} ms`,
  );
});
