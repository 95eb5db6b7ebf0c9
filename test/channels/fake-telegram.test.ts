import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, it } from "node:test";
import { until } from "../contracts/until.ts";
import { createFakeClock, type FakeClock } from "../fakes/clock.ts";
import { PERSON } from "../fakes/telegram/people.ts";
import { startTelegram, type FakeTelegram } from "../fakes/telegram/server.ts";

const MAIN = path.join(import.meta.dirname, "../fakes/telegram/main.ts");

interface Answer {
  readonly ok: boolean;
  readonly result: unknown;
  readonly error_code?: number;
  readonly description?: string;
  readonly parameters?: { readonly retry_after?: number };
}

let clock: FakeClock;
let fake: FakeTelegram;
beforeEach(async () => {
  clock = createFakeClock();
  fake = await startTelegram({ token: "7001:t", clock });
});
afterEach(() => fake.close());

async function call(method: string, params: object = {}, token = fake.token): Promise<Answer> {
  const response = await fetch(`${fake.root}/bot${token}/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(params),
  });
  return (await response.json()) as Answer;
}
const updates = async (params: object = {}): Promise<readonly number[]> =>
  ((await call("getUpdates", params)).result as { update_id: number }[]).map((update) => update.update_id);

describe("the fake of Telegram is as unkind as the platform", () => {
  it("delivers again until an offset above confirms", async () => {
    const ids = [fake.say("a"), fake.say("b"), fake.say("c")].map((said) => said.updateId);
    assert.deepEqual(await updates(), ids);
    assert.deepEqual(await updates({ offset: ids[0] }), ids, "an offset confirms what is below it");
    assert.deepEqual(await updates({ offset: (ids[0] ?? 0) + 1 }), ids.slice(1));
    assert.deepEqual(await updates(), ids.slice(1), "confirmed is confirmed");
    assert.deepEqual(await updates({ offset: -1 }), ids.slice(2));
    await clock.advance(25 * 60 * 60 * 1000);
    assert.deepEqual(await updates(), [], "nothing is kept longer than a day");
  });

  it("holds a poll open until there is something, or its time is over", async () => {
    const quiet = updates({ timeout: 30 });
    await until(() => fake.updates.polling, "polling");
    await clock.advance(30_000);
    assert.deepEqual(await quiet, []);
    const waiting = updates({ timeout: 30 });
    await until(() => fake.updates.polling, "polling");
    const { updateId } = fake.say("now");
    assert.deepEqual(await waiting, [updateId]);
  });

  it("ends the first of two pollers", async () => {
    const first = call("getUpdates", { timeout: 30 });
    await until(() => fake.updates.polling, "polling");
    await call("getUpdates");
    assert.equal((await first).error_code, 409);
  });

  it("delivers only the kinds that were asked for", async () => {
    await updates({ allowed_updates: ["message"] });
    const { messageId } = fake.say("a");
    fake.edit(messageId, "b");
    fake.press("button");
    assert.equal((await updates()).length, 1);
  });

  it("refuses other tokens, unknown chats, people who blocked it, webhooks beside polls", async () => {
    assert.equal((await call("getMe", {}, "7001:x")).error_code, 401);
    assert.equal(
      (await call("sendMessage", { chat_id: 5, text: "a" })).description,
      "Bad Request: chat not found",
    );
    fake.chat(5).blocked = true;
    assert.equal((await call("sendMessage", { chat_id: 5, text: "a" })).error_code, 403);
    fake.setWebhook("https://x");
    assert.equal((await call("getUpdates")).error_code, 409);
  });

  it("reads markup strictly", async () => {
    fake.chat(1);
    const fault = async (text: string): Promise<string> =>
      (await call("sendMessage", { chat_id: 1, text, parse_mode: "HTML" })).description ?? "sent";
    for (const text of [
      "<h1>x</h1>",
      "<b>x",
      "x</b>",
      "<b><i>x</b></i>",
      "a < b",
      "<code><b>x</b></code>",
      "<a>x</a>",
      "<p>",
    ]) {
      assert.match(await fault(text), /can't parse entities/, text);
    }
    assert.equal(await fault('<b>a <i>b</i></b><pre><code class="language-js">x</code></pre> &lt;'), "sent");
    assert.equal(fake.chat(1).messages[0]?.text, "a bx <");
    assert.match(await fault(" "), /text is empty/);
    assert.match(await fault("x".repeat(4097)), /too long/);
  });

  it("paces chats, groups and the whole", async () => {
    const send = (chat_id: number): Promise<Answer> => call("sendMessage", { chat_id, text: "a" });
    fake.chat(1);
    for (let i = 0; i < 4; i++) assert.equal((await send(1)).ok, true);
    const refused = await send(1);
    assert.deepEqual([refused.error_code, refused.parameters?.retry_after], [429, 1]);
    await clock.advance(1000);
    assert.equal((await send(1)).ok, true);
    for (let chat = 2; chat < 40; chat++) fake.chat(chat);
    let sent = 0;
    for (let chat = 2; chat < 40; chat++) if ((await send(chat)).ok) sent++;
    assert.equal(sent, 29);
    fake.chat(-1);
    for (let i = 0; i < 20; i++) {
      await clock.advance(1000);
      assert.equal((await send(-1)).ok, true);
    }
    await clock.advance(1000);
    assert.equal((await send(-1)).parameters?.retry_after, 40);
  });

  it("knows edits, deletes, drafts", async () => {
    fake.say("a");
    assert.equal((await call("editMessageText", { chat_id: PERSON, message_id: 1, text: "x" })).ok, false);
    await call("sendMessage", { chat_id: PERSON, text: "one" });
    assert.match(
      (await call("editMessageText", { chat_id: PERSON, message_id: 2, text: "one" })).description ?? "",
      /not modified/,
    );
    assert.equal((await call("editMessageText", { chat_id: PERSON, message_id: 2, text: "two" })).ok, true);
    assert.deepEqual(fake.chat(PERSON).messages[1]?.edits, ["one"]);
    await call("deleteMessage", { chat_id: PERSON, message_id: 2 });
    assert.match(
      (await call("editMessageText", { chat_id: PERSON, message_id: 2, text: "x" })).description ?? "",
      /not found/,
    );
    assert.equal((await call("sendMessageDraft", { chat_id: PERSON, draft_id: 1, text: "d" })).ok, true);
    fake.allowDrafts(false);
    assert.equal((await call("sendMessageDraft", { chat_id: PERSON, draft_id: 1, text: "d" })).ok, false);
    assert.deepEqual(fake.chat(PERSON).drafts, ["d"]);
  });

  it("can lose an answer, drop a request, and do it late", async () => {
    fake.chat(1);
    const texts = (): readonly string[] => fake.chat(1).messages.map((message) => message.text);
    const send = (text: string): Promise<Answer> => call("sendMessage", { chat_id: 1, text });
    fake.script({ method: "sendMessage", trouble: { kind: "drop" } });
    await assert.rejects(send("dropped"));
    fake.script({ method: "sendMessage", trouble: { kind: "lose" } });
    await assert.rejects(send("lost"));
    assert.deepEqual(texts(), ["lost"]);
    const hang = fake.script({ method: "sendMessage", trouble: { kind: "hang" } });
    const late = assert.rejects(send("late"));
    await until(() => hang.left === 0, "hung");
    await send("in time");
    hang.release();
    await until(() => texts().length === 3, "landed");
    assert.deepEqual(texts(), ["lost", "in time", "late"]);
    await fake.close();
    await late;
  });

  it("runs as a process of its own, controlled over HTTP", async () => {
    const child = spawn(process.execPath, [MAIN, "--token", "1:x"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = (await once(createInterface(child.stdout), "line")) as [string];
      const { root, control } = JSON.parse(line) as { root: string; control: string };
      const tell = async (name: string, ...args: unknown[]): Promise<unknown> =>
        (await fetch(`${control}/${name}`, { method: "POST", body: JSON.stringify(args) })).json();
      await tell("say", "hello", { from: 9 });
      const answer = (await (await fetch(`${root}/bot1:x/getUpdates`)).json()) as { result: unknown[] };
      assert.equal(answer.result.length, 1);
      await tell("script", { method: "getMe", trouble: { kind: "error", code: 500, description: "x" } });
      assert.equal((await fetch(`${root}/bot1:x/getMe`)).status, 500);
      const { result } = (await (await fetch(`${control}/state`)).json()) as {
        result: { chats: { id: number }[]; calls: unknown[] };
      };
      assert.deepEqual([result.chats[0]?.id, result.calls.length], [9, 2]);
    } finally {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  });
});
