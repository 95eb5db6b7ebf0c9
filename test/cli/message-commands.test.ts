import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { call, type Called } from "./call.ts";
import { fakeGateway, type Answers, type FakeGateway } from "./fake-gateway.ts";

async function gateway(t: TestContext, answers: Answers): Promise<FakeGateway> {
  const fake = await fakeGateway(answers);
  t.after(() => fake.remove());
  return fake;
}

function on(fake: FakeGateway, ...argv: string[]): Promise<Called> {
  return call([...argv, "--state", fake.stateDir]);
}

describe("messages, by a running gateway", () => {
  const message = {
    id: "m_1",
    state: "dead",
    channel: "telegram",
    account: "default",
    conversation: "a/b",
    agent: "main",
    text: "line 1\nline 2\u0007",
    acceptedAt: "2026-01-01T00:00:00.000Z",
    sender: { name: "Ann" },
    hold: null,
    deliveries: [{ kind: "reply", state: "sent", attempts: 2, inDoubt: true }],
    failure: { code: "harness-failed", detail: "500", at: "2026-01-01T00:00:01.000Z" },
    history: [{ at: "2026-01-01T00:00:00.000Z", event: "accepted", n: 1 }],
  };

  it("messages list, show, retry, cancel, rerun", async (t) => {
    const one = { body: { message } };
    const fake = await gateway(t, {
      "GET /api/v1/messages": { body: { messages: [message], cursor: "next" } },
      "GET /api/v1/messages/m_1": one,
      "POST /api/v1/messages/m_1/retry": one,
      "POST /api/v1/messages/m_1/cancel": one,
      "POST /api/v1/messages/retry": { body: { retried: 3, messages: [] } },
      "POST /api/v1/messages/m_1/rerun": { body: { message: { id: "m_2", state: "queued" } } },
    });
    const list = await on(fake, "messages", "list", "--only", "dead,held", "--limit=5");
    assert.match(
      list.out,
      /^ID +STATE .* WHY .*\nm_1 +dead +2026-01-01 00:00:00Z +\d+d.* main +telegram\/default\/a%2Fb +\S.* harness-failed: 500 +line 1 line 2\\u0007\n$/,
    );
    assert.match(list.err, /messages retry ID.*messages purge\n.*--cursor next/);
    assert.equal(fake.requests[0]?.path, "/api/v1/messages?state=dead%2Cheld&limit=5");
    const show = await on(fake, "messages", "show", "m_1");
    assert.match(
      show.out,
      /failed +harness-failed: 500\n +try again: rollcall messages retry m_1;[^]*delivery +reply sent, tries 2, was in doubt\n\n {2}line 1\n {2}line 2\\u0007\n\nWHEN[^\n]*\n2026-01-01 00:00:00\.000 +accepted +n=1\n$/,
    );
    assert.equal((await on(fake, "messages", "retry", "m_1")).out, "m_1 dead\n");
    assert.equal((await on(fake, "messages", "cancel", "m_1")).out, "m_1 dead\n");
    assert.equal((await on(fake, "messages", "rerun", "m_1", "--agent", "b")).out, "m_2 queued\n");
    assert.deepEqual(fake.requests.at(-1)?.body, { agent: "b" });
    assert.equal((await on(fake, "messages", "retry", "--dead", "--agent", "b")).out, "3 retried\n");
    assert.deepEqual(fake.requests.at(-1)?.body, { dead: true, agent: "b" });
    assert.equal((await on(fake, "messages", "retry", "m_1", "--dead")).exit, 64);
    assert.equal((await on(fake, "messages", "retry")).exit, 64);
    assert.equal((await on(fake, "messages", "show", "../x")).exit, 66);
    assert.equal(fake.requests.at(-1)?.path, "/api/v1/messages/..%2Fx");
  });

  it("a dry run asks for the plan, and prints all of it", async (t) => {
    const plan = {
      id: "m_1",
      agent: "b",
      session: "agent:b:telegram:direct:7",
      candidates: [{ harness: "echo", model: "x", available: false, code: "harness-login", detail: "gone" }],
      runsOn: null,
      prompt: "[rollcall t_…]\n---\ndo it\u0007",
      resume: "native-1",
      files: [{ name: "a.pdf", mime: "application/pdf", path: "/blobs/a.pdf" }],
      answerTo: "telegram/default/7",
      ahead: 2,
      toolsRan: null,
      refusal: { code: "sender-refused", detail: "7" },
    };
    const fake = await gateway(t, { "POST /api/v1/messages/m_1/rerun": { body: { plan } } });
    const { out } = await on(fake, "messages", "rerun", "m_1", "--agent", "b", "--dry-run");
    assert.deepEqual(fake.requests.at(-1)?.body, { dryRun: true, agent: "b" });
    assert.equal(
      out,
      [
        "rerun of    m_1",
        "refused     sender-refused: 7",
        "agent       b",
        "session     agent:b:telegram:direct:7",
        "runs on     nobody now: it would be held",
        "candidate   echo/x unavailable harness-login gone",
        "goes on in  native-1",
        "before it   2 waiting",
        "answer to   telegram/default/7",
        "tools       may have run last time: nobody knows after a crash",
        "file        a.pdf (application/pdf) /blobs/a.pdf",
        "",
        "prompt:",
        "  [rollcall t_…]",
        "  ---",
        "  do it\\u0007",
        "",
        "Nothing was changed.",
        "",
      ].join("\n"),
    );
  });
});
