import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { NewEntry } from "../../src/core/entry.ts";
import type { MessageId, SessionKey } from "../../src/core/ids.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { call, type Called } from "./call.ts";

const ADDRESS = { channel: "telegram", account: "default", conversation: "7" };
const SESSION = "agent:main:telegram:direct:7" as SessionKey;
const AT = Date.UTC(2026, 0, 1);

function entry(n: number): NewEntry {
  return {
    id: `m_${n}` as MessageId,
    kind: "message",
    address: ADDRESS,
    dedupeKey: `k${n}`,
    clientId: null,
    sender: { id: "7", name: "Ann" },
    role: "paired",
    agent: "main",
    session: SESSION,
    body: { text: `text ${n}`, attachments: [], chat: { kind: "direct" }, sentAt: AT },
    acceptedAt: AT,
    notBefore: AT,
    replayOf: null,
  };
}

/** A state directory with two messages and an open pairing, and nobody who runs on it. */
async function state(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-offline-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const store = await openStore({ dir, clock: systemClock, version: "0.1.0" });
  const pairing = { ...ADDRESS, code: "ABC234", sender: { id: "8", name: "Bob" }, at: Date.now() };
  await store.accept({
    ...ADDRESS,
    items: [
      ...[1, 2].map((n) => ({ kind: "entry" as const, entry: entry(n), waitingLimit: 10 })),
      { kind: "refused", code: "sender-refused", pairing },
    ],
  });
  await store.close();
  return dir;
}

const on = (dir: string, ...argv: string[]): Promise<Called> => call([...argv, "--state", dir]);

describe("with no gateway running", () => {
  it("messages are listed, shown, cancelled and run anew in the store", async (t) => {
    const dir = await state(t);
    const first = await on(dir, "messages", "list", "--limit", "1");
    assert.match(first.out, /\nm_2 +queued /);
    const cursor = /--cursor (\S+)/.exec(first.err)?.[1] ?? "";
    assert.match((await on(dir, "messages", "list", "--cursor", cursor)).out, /\nm_1 +queued /);
    assert.match((await on(dir, "messages", "show", "m_1")).out, /text 1/);
    const cancelled = await on(dir, "messages", "cancel", "m_1");
    assert.deepEqual(cancelled, {
      exit: 0,
      out: "m_1 cancelled\n",
      err: "rollcall: no gateway is running; the next start goes on from here\n",
    });
    const rerun = JSON.parse((await on(dir, "messages", "rerun", "m_1", "--json")).out) as {
      message: Record<string, unknown>;
    };
    assert.deepEqual(
      [rerun.message["state"], rerun.message["replayOf"], rerun.message["text"]],
      ["queued", "m_1", "text 1"],
    );
    const listed = JSON.parse((await on(dir, "messages", "list", "--only", "queued", "--json")).out) as {
      messages: unknown[];
      cursor: unknown;
    };
    assert.deepEqual([listed.messages.length, listed.cursor], [2, null]);
  });

  it("what can't be done says why", async (t) => {
    const dir = await state(t);
    assert.equal((await on(dir, "messages", "show", "m_9")).exit, 66);
    assert.equal((await on(dir, "messages", "retry", "m_1")).exit, 65);
    assert.equal((await on(dir, "messages", "list", "--only", "asleep")).exit, 64);
    assert.equal((await on(dir, "messages", "list", "--cursor", "x")).exit, 64);
    assert.equal((await on(dir, "messages", "rerun", "m_1", "--agent", "b")).exit, 69);
    assert.equal((await on(dir, "pairing", "revoke", "nobody")).exit, 64);
    assert.equal((await on(dir, "pairing", "revoke", "telegram/default/9")).exit, 66);
    assert.equal((await on(dir, "tokens", "revoke", "k_none")).exit, 66);
    assert.equal((await on(join(dir, "none"), "messages", "list")).exit, 69);
  });

  it("pairing, tokens and sessions work in the store", async (t) => {
    const dir = await state(t);
    assert.match((await on(dir, "pairing", "list")).out, /ABC234 +open +telegram\/default\/8 +Bob/);
    assert.equal((await on(dir, "pairing", "approve", "abc234")).out, "approved\n");
    assert.equal((await on(dir, "pairing", "approve", "ABC234")).exit, 66);
    assert.equal((await on(dir, "pairing", "revoke", "telegram/default/8")).out, "revoked\n");
    const created = JSON.parse((await on(dir, "tokens", "create", "ci", "--json")).out) as {
      id: string;
      token: string;
    };
    assert.match(created.token, /^rollcall_.{43}$/);
    const list = await on(dir, "tokens", "list");
    assert.ok(list.out.includes(created.id) && !list.out.includes(created.token));
    assert.equal((await on(dir, "tokens", "revoke", created.id)).exit, 0);
    assert.match((await on(dir, "sessions", "list")).out, /agent:main:telegram:direct:7 +main +2/);
    assert.equal((await on(dir, "sessions", "reset", SESSION)).exit, 0);
  });

  it("a store that somebody holds is left alone", async (t) => {
    const dir = await state(t);
    const holder = await openStore({ dir, clock: systemClock, version: "0.1.0" });
    t.after(() => holder.close());
    const { exit, err } = await on(dir, "messages", "list");
    assert.deepEqual([exit, /Another process holds the store/.test(err)], [75, true]);
  });
});
