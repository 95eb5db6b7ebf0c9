import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Outgoing } from "../../ui/src/api/client.ts";
import { Problem, Unreachable } from "../../ui/src/api/problem.ts";
import { readMessage } from "../../ui/src/api/read-message.ts";
import type { Message } from "../../ui/src/api/wire.ts";
import { keepUnsent, readUnsent, type Unsent } from "../../ui/src/logic/unsent-box.ts";
import { createForgettingBox } from "../../ui/src/state/box.ts";
import { createSender, type Sender } from "../../ui/src/state/sender.ts";
import { createFakeClock, settle } from "../fakes/clock.ts";

type Outcome = Message | Error;

function item(id: string, at = 0): Omit<Unsent, "refusal"> {
  return { id, conversation: "main", agent: "main", text: `text of ${id}`, attachments: [], at };
}

function accepted(clientId: string): Message {
  const message = readMessage({ id: `m_${clientId}`, state: "queued", clientId });
  assert.ok(message);
  return message;
}

const refused = (status: number): Problem =>
  new Problem(status, "some-code", { title: "Not like this.", detail: null, fix: "Do it otherwise." });

function start(box = createForgettingBox()): {
  readonly sender: Sender;
  readonly box: typeof box;
  readonly sent: Outgoing[];
  readonly answers: Outcome[];
  readonly clock: ReturnType<typeof createFakeClock>;
  readonly seen: string[];
} {
  const sent: Outgoing[] = [];
  const answers: Outcome[] = [];
  const seen: string[] = [];
  const clock = createFakeClock();
  const sender = createSender({
    box,
    timers: { now: () => clock.now(), after: (ms, run) => clock.timer(ms, run) },
    async send(message) {
      sent.push(message);
      await settle(1);
      const answer = answers.shift() ?? accepted(message.id);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    onAccepted: ({ clientId }) => seen.push(clientId ?? ""),
    onSignedOut: () => seen.push("signed out"),
  });
  return { sender, box, sent, answers, clock, seen };
}

void describe("messages that are not confirmed yet", () => {
  void it("are kept until the gateway has confirmed them", async () => {
    const { sender, box, seen } = start();
    sender.add(item("a"));
    assert.deepEqual(
      readUnsent(box).map(({ id }) => id),
      ["a"],
    );
    await settle();
    assert.deepEqual([seen, readUnsent(box), sender.items.value], [["a"], [], []]);
  });

  void it("are sent again under the same id, ever more slowly, in order", async () => {
    const { sender, sent, answers, clock, seen } = start();
    answers.push(new Unreachable("x"), new Unreachable("x"), refused(503));
    sender.add(item("a"));
    await settle();
    assert.deepEqual([sent.length, clock.pending], [1, 1]);
    await clock.advance(1000);
    await clock.advance(2000);
    assert.equal(sent.length, 3);
    await clock.advance(3999);
    assert.equal(sent.length, 3);
    await clock.advance(1);
    assert.deepEqual(seen, ["a"]);
    assert.deepEqual(new Set(sent.map(({ id }) => id)), new Set(["a"]));
    assert.equal(clock.pending, 0);
  });

  void it("wait behind one that can't get through, and follow it", async () => {
    const { sender, sent, answers, seen } = start();
    answers.push(new Unreachable("x"), new Unreachable("x"));
    sender.add(item("a", 1));
    sender.add(item("b", 2));
    await settle();
    sender.wake();
    await settle();
    sender.wake();
    await settle(12);
    assert.deepEqual(seen, ["a", "b"]);
    assert.deepEqual(
      sent.map(({ id }) => id),
      ["a", "a", "a", "b"],
    );
  });

  void it("say why they were refused, and don't hold up the next", async () => {
    const { sender, box, answers, seen } = start();
    answers.push(refused(400));
    sender.add(item("a", 1));
    sender.add(item("b", 2));
    await settle(8);
    assert.deepEqual(seen, ["b"]);
    assert.equal(sender.items.value[0]?.refusal, "Not like this. Do it otherwise.");
    assert.equal(readUnsent(box)[0]?.refusal, "Not like this. Do it otherwise.");
    sender.discard("a");
    assert.deepEqual([readUnsent(box), sender.items.value], [[], []]);
  });

  void it("wait for a new sign-in, without trying on", async () => {
    const { sender, answers, clock, seen, box } = start();
    answers.push(refused(401));
    sender.add(item("a"));
    await settle();
    assert.deepEqual([seen, clock.pending, readUnsent(box).length], [["signed out"], 0, 1]);
    sender.wake();
    await settle();
    assert.deepEqual(seen, ["signed out", "a"]);
  });

  void it("are found again by a page that was reloaded, oldest first", async () => {
    const box = createForgettingBox();
    keepUnsent(box, { ...item("b", 2), refusal: null });
    keepUnsent(box, { ...item("a", 1), refusal: null });
    box.setItem("rollcall:unsent:broken", "{");
    box.setItem("something else", "{}");
    const { sender, seen } = start(box);
    sender.wake();
    await settle(8);
    assert.deepEqual(seen, ["a", "b"]);
  });

  void it("are dropped when the gateway shows them, though the answer was lost", async () => {
    const { sender, answers, clock, sent } = start();
    answers.push(new Unreachable("x"));
    sender.add(item("a"));
    await settle();
    sender.confirm([accepted("a")]);
    assert.deepEqual(sender.items.value, []);
    await clock.advance(60_000);
    assert.equal(sent.length, 1);
  });

  void it("are dropped when another tab has sent them", async () => {
    const { sender, box, answers } = start();
    answers.push(new Unreachable("x"));
    sender.add(item("a"));
    await settle();
    box.removeItem("rollcall:unsent:a");
    keepUnsent(box, { ...item("c", 3), refusal: null });
    sender.reread();
    assert.deepEqual(
      sender.items.value.map(({ id }) => id),
      ["c"],
    );
  });

  void it("live on in the page when the browser has no room, and say so", async () => {
    const box = createForgettingBox();
    box.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    const { sender, answers } = start(box);
    answers.push(new Unreachable("x"));
    sender.add(item("a"));
    await settle();
    assert.equal(sender.items.value[0]?.kept, false);
    sender.reread();
    assert.equal(sender.items.value.length, 1);
  });
});
