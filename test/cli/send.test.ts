import assert from "node:assert/strict";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it, type TestContext } from "node:test";
import { createClient } from "../../src/cli/client.ts";
import { followMessage } from "../../src/cli/follow-message.ts";
import { call, type Called } from "./call.ts";
import { fakeGateway, TOKEN, type Answers, type FakeGateway } from "./fake-gateway.ts";

const ID = "m_1";
const CHANNEL = { conversation: "web/default/main" };

async function gateway(
  t: TestContext,
  message: Record<string, unknown>,
  more: Answers = {},
): Promise<FakeGateway> {
  const fake = await fakeGateway({
    "POST /api/v1/messages": { status: 202, body: { message: { id: ID, state: "queued" } } },
    [`GET /api/v1/messages/${ID}`]: { body: { message: { id: ID, ...message } } },
    ...more,
  });
  t.after(() => fake.remove());
  return fake;
}

function send(fake: FakeGateway, ...args: string[]): Promise<Called> {
  return call(["send", "--state", fake.stateDir, ...args]);
}

/** As `send`, by somebody without any patience. */
async function follow(fake: FakeGateway): Promise<Called> {
  let out = "";
  let err = "";
  const client = createClient(fake.url, TOKEN);
  const terminal = {
    argv: [],
    env: {},
    cwd: "/",
    stdin: process.stdin,
    tty: false,
    process,
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
  };
  const post = async (): Promise<string> => {
    await client.post("/api/v1/messages", {});
    return ID;
  };
  const exit = await followMessage({
    client,
    terminal,
    send: post,
    to: undefined,
    patience: { hold: 0, comeBack: 0 },
  });
  return { exit, out, err };
}

/** Plays events once the message has come in, each after the last one was shown. */
async function play(fake: FakeGateway, events: readonly (readonly [string, object])[]): Promise<void> {
  await fake.watched();
  while (!fake.requests.some(({ method }) => method === "POST"))
    await new Promise((resolve) => setImmediate(resolve));
  for (const [type, data] of events) fake.event(type, { id: ID, ...CHANNEL, ...data });
}

describe("send", () => {
  it("streams the answer as it grows, and ends with it", async (t) => {
    const fake = await gateway(t, { state: "done", reply: { text: "Hello, world." } });
    const pieces: string[] = [];
    const called = call(["send", "hi", "there", "--state", fake.stateDir], {
      onOut: (text) => pieces.push(text),
    });
    await play(fake, [
      ["progress", { text: "Hello", activity: null }],
      ["progress", { text: "Hello, wor", activity: null }],
      ["message", { state: "answered" }],
      ["message", { id: "m_other", state: "dead" }],
      ["message", { state: "done" }],
    ]);
    assert.deepEqual(await called, { exit: 0, out: "Hello, world.\n", err: "" });
    assert.deepEqual(pieces, ["Hello", ", wor", "ld.", "\n"]);
    const [watched, posted] = fake.requests;
    assert.equal(watched?.path, "/api/v1/events", "watched before it is sent");
    assert.deepEqual([posted?.body, posted?.token], [{ text: "hi there" }, TOKEN]);
  });

  it("shows an answer anew that was written anew, and nothing that steers a terminal", async (t) => {
    const fake = await gateway(t, { state: "done", reply: { text: "second\u001b[2J\n" } });
    const called = call(["send", "--state", fake.stateDir, "hi"], { tty: true });
    await play(fake, [
      ["progress", { text: "first" }],
      ["progress", { text: "" }],
      ["message", { state: "done" }],
    ]);
    assert.equal((await called).out, "first\nsecond\\u001b[2J\n");
  });

  it("leaves with 75 and a line when the message is held", async (t) => {
    const fake = await gateway(t, { state: "held", hold: { code: "harness-missing" } });
    const called = follow(fake);
    await play(fake, [["message", { state: "held" }]]);
    const { exit, out, err } = await called;
    assert.deepEqual([exit, out], [75, ""]);
    assert.match(
      err,
      /^rollcall: m_1: held \(harness-missing\); it is saved and is answered when its agent can serve\./,
    );
  });

  it("waits on when a hold is over at once", async (t) => {
    let state = "running";
    const { promise: looked, resolve: look } = Promise.withResolvers<undefined>();
    const fake = await gateway(
      t,
      {},
      {
        [`GET /api/v1/messages/${ID}`]: () => {
          look(undefined);
          return { body: { message: { id: ID, state, reply: { text: "back" } } } };
        },
      },
    );
    const called = follow(fake);
    await play(fake, [["message", { state: "held" }]]);
    await looked;
    state = "done";
    fake.event("message", { id: ID, state });
    assert.deepEqual(await called, { exit: 0, out: "back\n", err: "" });
  });

  for (const state of ["dead", "cancelled", "quarantined"]) {
    it(`ends with 65 when the message is ${state}`, async (t) => {
      const fake = await gateway(t, { state });
      const called = send(fake, "hi");
      await play(fake, [
        ["progress", { text: "half" }],
        ["message", { state }],
      ]);
      const { exit, out, err } = await called;
      assert.deepEqual([exit, out], [65, "half\n"]);
      assert.match(err, /^rollcall: The message failed for good: m_1/);
    });
  }

  it("goes on after its watch was cut, by looking and by its last event", async (t) => {
    let state = "running";
    const fake = await gateway(
      t,
      {},
      {
        [`GET /api/v1/messages/${ID}`]: () => ({
          body: { message: { id: ID, state, reply: { text: "whole" } } },
        }),
      },
    );
    const called = send(fake, "hi");
    await play(fake, [["progress", { text: "wh" }]]);
    state = "done";
    fake.cut();
    assert.deepEqual(await called, { exit: 0, out: "whole\n", err: "" });
  });

  it("leaves with 75 when the gateway goes away with the message saved", async (t) => {
    const fake = await gateway(t, { state: "running" });
    const called = follow(fake);
    await play(fake, []);
    await fake.stop();
    const { exit, err } = await called;
    assert.equal(exit, 75);
    assert.match(err, /the gateway stopped; the message is saved/);
  });

  it("prints the id and waits for nothing with --no-wait", async (t) => {
    const fake = await gateway(t, {});
    assert.deepEqual(await send(fake, "--no-wait", "hi"), { exit: 0, out: "m_1\n", err: "" });
    assert.deepEqual(
      fake.requests.map(({ method }) => method),
      ["POST"],
    );
  });

  it("sends the answer to a chat with --to, and says so", async (t) => {
    const fake = await gateway(t, { state: "done", reply: { text: "for the chat" } });
    const called = send(fake, "--to", "telegram/default/1", "--agent=main", "--conversation", "c", "hi");
    await play(fake, [
      ["progress", { text: "for" }],
      ["message", { state: "done" }],
    ]);
    assert.deepEqual(await called, { exit: 0, out: "", err: "rollcall: answered in telegram/default/1\n" });
    const posted = fake.requests.find(({ method }) => method === "POST");
    assert.deepEqual(posted?.body, {
      text: "hi",
      agent: "main",
      conversation: "c",
      to: "telegram/default/1",
    });
  });

  it("reads standard input for -, without its last line end", async (t) => {
    const fake = await gateway(t, {});
    const { exit } = await call(["send", "--state", fake.stateDir, "-", "--no-wait"], {
      stdin: "línea 1\nline 2\n",
    });
    assert.equal(exit, 0);
    assert.deepEqual(fake.requests[0]?.body, { text: "línea 1\nline 2" });
  });

  it("refuses nothing, and too much", async (t) => {
    const fake = await gateway(t, {});
    assert.equal((await send(fake)).exit, 65);
    assert.equal(
      (await call(["send", "--state", fake.stateDir, "-"], { stdin: "x".repeat(200_001) })).exit,
      65,
    );
    assert.deepEqual(fake.requests, []);
  });

  it("attaches files of any kind, and looks at their size first", async (t) => {
    const dir = await mkdtemp(join(tmpdir(), "rollcall-send-"));
    t.after(() => rm(dir, { recursive: true, force: true }));
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await writeFile(join(dir, "a b.PNG"), bytes);
    await writeFile(join(dir, "huge.bin"), "");
    await truncate(join(dir, "huge.bin"), 20 * 1024 * 1024 + 1);
    const fake = await gateway(t, {});
    assert.equal(
      (await send(fake, "--no-wait", "--file", join(dir, "a b.PNG"), "--file", join(dir, "a b.PNG"))).exit,
      0,
    );
    const attachment = { name: "a b.PNG", mime: "image/png", data: Buffer.from(bytes).toString("base64") };
    assert.deepEqual(fake.requests[0]?.body, { text: "", attachments: [attachment, attachment] });
    for (const file of ["huge.bin", "none", "."]) {
      const { exit, err } = await send(fake, "--file", join(dir, file), "x");
      assert.equal(exit, 65, file);
      assert.match(err, /larger than 20971520 bytes|can't be read/);
    }
    assert.equal(fake.requests.length, 1);
  });
});

describe("what the gateway refuses", () => {
  const cases: readonly (readonly [number, object, number, RegExp])[] = [
    [401, { code: "unauthorized", title: "t" }, 77, /token is missing or not known/],
    [
      404,
      { code: "agent-unknown", detail: "nobody", fix: "Mend it." },
      69,
      /no agent with this name: nobody\. Mend it\.\n$/,
    ],
    [429, { code: "queue-full" }, 75, /Too many messages wait/],
    [503, { code: "draining" }, 75, /is stopping/],
    [409, { code: "client-id-conflict" }, 65, /used for another message/],
    [418, { code: "of-tomorrow", detail: "new" }, 65, /new/],
    [502, {}, 75, /HTTP 502/],
  ];
  for (const [status, body, exit, says] of cases) {
    it(`${status} ${JSON.stringify(body)} ends with ${exit}`, async (t) => {
      const fake = await gateway(t, {}, { "POST /api/v1/messages": { status, body } });
      const called = await send(fake, "--no-wait", "hi");
      assert.equal(called.exit, exit);
      assert.match(called.err, says);
    });
  }
});
