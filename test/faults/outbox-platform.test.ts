// A platform that paces, refuses, resets and hangs: the way out over the strict fake Telegram, on the fake clock.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { refusal } from "../channels/telegram-rig.ts";
import { quietAlerts } from "../fakes/alerts.ts";
import { openOutboxRig, place, type OutboxRig } from "./outbox-rig.ts";

const MARK = "↻ sent again:";
let open: OutboxRig | null = null;
afterEach(() => open?.close());

async function stage(...of: Parameters<typeof openOutboxRig>): Promise<OutboxRig> {
  open = await openOutboxRig(...of);
  return open;
}

test("429 with a time: only that chat waits, and nothing goes early", async (t) => {
  const { rig, fake, pass, shown, sends, clock } = await stage();
  for (const chat of [100, 200]) fake.chat(chat);
  fake.script({
    method: "sendMessage",
    chat: 100,
    trouble: refusal(429, "Too Many Requests", { retry_after: 30 }),
  });
  const begun = clock.now();
  await rig.pipeline.operate.notify(place(100), "paced", null);
  await rig.pipeline.operate.notify(place(200), "free", null);
  await pass(5 * SECOND);
  assert.deepEqual([shown(100), shown(200)], [[], ["free"]]);
  await pass(60 * SECOND, () => shown(100).length > 0);
  const [refused, accepted, ...more] = sends(100);
  const early = (accepted?.at ?? 0) - (refused?.at ?? 0) < 30 * SECOND ? 1 : 0;
  t.diagnostic(
    `429 for 30 s: sent again after ${((accepted?.at ?? 0) - begun) / SECOND} s, early sends ${early}, the other chat waited ${(sends(200)[0]?.at ?? 0) - begun} ms`,
  );
  assert.deepEqual([early, more.length, shown(100)], [0, 0, ["paced"]]);
});

test("429 on a thousand chats: no storm, all get theirs, in turn", async (t) => {
  const chats = 1000;
  const { rig, fake, pass, shown, sends, clock } = await stage();
  const ids = Array.from({ length: chats }, (_, i) => 1000 + i);
  for (const id of ids) fake.chat(id);
  const until = clock.now() + 10 * SECOND;
  const paced = fake.script({
    method: "sendMessage",
    times: 1e9,
    trouble: refusal(429, "Too Many Requests", { retry_after: 5 }),
  });
  for (let part = 0; part < 2; part++)
    await Promise.all(ids.map((id) => rig.pipeline.operate.notify(place(id), `part ${part} of ${id}`, null)));
  await pass(11 * SECOND, () => clock.now() >= until);
  paced.stop();
  const refused = sends().length;
  await pass(3 * MINUTE, () => sends().filter(({ outcome }) => outcome === "ok").length === 2 * chats);
  const perSecond = new Map<number, number>();
  for (const { at } of sends())
    perSecond.set(Math.floor(at / SECOND), (perSecond.get(Math.floor(at / SECOND)) ?? 0) + 1);
  const most = Math.max(...perSecond.values());
  const order = sends().flatMap(({ outcome, params }) => (outcome === "ok" ? [String(params["text"])] : []));
  const firstSecond = order.findIndex((text) => text.startsWith("part 1"));
  t.diagnostic(
    `429 on ${chats} chats for 10 s: ${refused} refused requests, at most ${most} requests/s, ${firstSecond} of ${chats} chats had their first part before any had its second`,
  );
  for (const id of ids) assert.deepEqual(shown(id), [`part 0 of ${id}`, `part 1 of ${id}`]);
  assert.ok(most <= 30, `${most} requests in a second`);
  assert.ok(refused <= 60, `${refused} refused requests`);
  assert.ok(firstSecond >= chats - 16, `${firstSecond}`);
});

test("blocked by the user: dead at once, one call for all parts, and the operator sees it", async (t) => {
  const alerts = quietAlerts();
  const raised: string[] = [];
  const { rig, fake, pass, sends } = await stage({
    alerts: {
      ...alerts,
      raise: (alert) => (raised.push(`${alert.code}: ${alert.summary ?? ""}`), alerts.raise(alert)),
    },
  });
  fake.chat(100).blocked = true;
  rig.harness("echo").script = async function* () {
    yield { kind: "final", text: "long text. ".repeat(900), files: [], usage: null };
  };
  await rig.say("hello");
  await pass(MINUTE);
  const [message] = await rig.store.messages({ limit: 1 });
  const parts = message?.deliveries.filter(({ kind }) => kind === "reply") ?? [];
  t.diagnostic(`403: ${parts.length} parts, ${sends(100).length} call, retries ${sends(100).length - 1}`);
  assert.ok(parts.length > 1 && parts.every(({ state }) => state === "dead"));
  assert.deepEqual([message?.entry.state, sends(100).length], ["dead", 1]);
  assert.equal(raised.length, 1);
  assert.match(
    raised[0] ?? "",
    /^reply-undelivered: The answer to message m_\w+ could not be delivered to telegram\/default\/100: 403 /,
  );
});

test("a part that the platform refuses leaves no silent gap: the others are sent, and it is told", async () => {
  const { rig, fake, pass, shown } = await stage();
  fake.chat(100);
  fake.script({ method: "sendMessage", chat: 100, trouble: refusal(400, "Bad Request: MESSAGE_REFUSED") });
  rig.harness("echo").script = async function* () {
    yield { kind: "final", text: `first. ${"word ".repeat(900)}\n\nlast`, files: [], usage: null };
  };
  await rig.say("hello");
  await pass(MINUTE);
  assert.equal(shown(100).length, 2);
  assert.match(shown(100)[0] ?? "", /last$/);
  assert.match(shown(100)[1] ?? "", /^A part of this answer could not be sent here/);
});

test("a server that accepts and never answers: given up in time, repeated with a mark", async (t) => {
  const { rig, fake, pass, shown, sends, clock } = await stage();
  fake.chat(100);
  const hung = fake.script({ method: "sendMessage", chat: 100, trouble: { kind: "hang" } });
  const begun = clock.now();
  await rig.pipeline.operate.notify(place(100), "hello", null);
  await pass(2 * MINUTE, () => shown(100).length > 0);
  const seconds = ((sends(100)[1]?.at ?? Infinity) - begun) / SECOND;
  t.diagnostic(`never answered: sent again, marked, after ${seconds} s`);
  assert.equal(hung.left, 0);
  assert.ok(seconds <= 45, `${seconds} s`);
  assert.deepEqual(shown(100), [`${MARK}\nhello`]);
});

test("an answer of the platform that is lost: the copy is marked, each time", async (t) => {
  const { rig, fake, pass, shown } = await stage();
  const chats = Array.from({ length: 20 }, (_, i) => 300 + i);
  for (const chat of chats) {
    fake.chat(chat);
    fake.script({ method: "sendMessage", chat, trouble: { kind: "lose" } });
    await rig.pipeline.operate.notify(place(chat), "hello", null);
  }
  await pass(MINUTE, () => chats.every((chat) => shown(chat).length >= 2));
  await pass(10 * SECOND);
  const copies = chats.map((chat) => shown(chat).length);
  const flagged = chats.filter((chat) => shown(chat)[1]?.startsWith(MARK) === true).length;
  t.diagnostic(
    `response lost ${chats.length} times: copies ${Math.max(...copies)} each, flagged ${(100 * flagged) / chats.length} %`,
  );
  assert.ok(copies.every((count) => count === 2));
  assert.equal(flagged, chats.length);
});

test("an edit times out, a later one succeeds, the first lands last: the final text stands in the end", async (t) => {
  const outcomes: string[] = [];
  for (const chat of [100, -100]) {
    const { rig, fake, pass, shown } = await stage({
      access: {
        direct: { policy: "open", allow: [] },
        groups: { "-100": { agent: "main", mention: false, senders: ["*"], topics: {} } },
      },
    });
    fake.chat(chat);
    const told = Promise.withResolvers<void>();
    rig.harness("echo").script = async function* () {
      for (let i = 0; i < 12; i++) {
        yield { kind: "text", delta: `${i} ` };
        await rig.clock.sleep(4 * SECOND);
      }
      told.resolve();
      yield { kind: "final", text: "the whole and final answer", files: [], usage: null };
    };
    const late = fake.script({ method: "editMessageText", chat, trouble: { kind: "hang" } });
    const kind = chat < 0 ? "group" : "direct";
    await rig.say("count", { address: place(chat) }, { chat: { kind } });
    await pass(90 * SECOND, () => shown(chat).includes("the whole and final answer"));
    assert.equal(late.left, 0, "an edit hung");
    late.release();
    await pass(MINUTE);
    outcomes.push(`${kind}: ${shown(chat).join(" | ")}`);
    assert.deepEqual(shown(chat), ["the whole and final answer"]);
    await open?.close();
    open = null;
  }
  t.diagnostic(`an edit lands last: truncated 0 (${outcomes.join("; ")})`);
});
