import type { FakeMessage, FakeStore } from "./fake-store.ts";

/** What the fake's agent does with messages, step by step, as a test says. */
export interface FakeAgent {
  begin(message: FakeMessage): void;
  /** The whole answer so far. */
  show(message: FakeMessage, text: string, activity?: string | null): void;
  finish(message: FakeMessage, text: string): void;
  hold(message: FakeMessage, code: string, since?: number): void;
  fail(message: FakeMessage): void;
  /** Begins, shows and finishes at once. */
  answer(message: FakeMessage, text: string): void;
}

export function createFakeAgent(store: FakeStore): FakeAgent {
  const agent: FakeAgent = {
    begin(message) {
      const attempts = message.attempts + 1;
      const by = { harness: "claude-cli", model: "claude-opus-4-7", generation: 1 };
      store.change(
        message,
        { state: "running", attempts, hold: null, turn: `t_${message.id.slice(2)}`, ...by },
        "claimed",
        {
          attempt: attempts,
          harness: by.harness,
          model: by.model,
        },
      );
    },
    show(message, text, activity = null) {
      store.emit("progress", { id: message.id, conversation: message.conversation, text, activity });
    },
    finish(message, text) {
      const delivery = { id: `d_${message.id.slice(2)}`, kind: "reply", attempts: 1, inDoubt: false };
      store.change(message, { state: "answered", reply: { text, files: [] } }, "answered");
      const deliveries = [{ ...delivery, state: "sent", platformId: "1" }];
      store.change(message, { state: "done", deliveries }, "sent", { delivery: delivery.id });
    },
    hold(message, code, since = Date.now()) {
      const hold = { code, since: new Date(since).toISOString(), incident: "i_000000001abcdefghj" };
      store.change(message, { state: "held", hold }, "held", { code });
    },
    fail(message) {
      store.change(message, { state: "dead", hold: null }, "dead", { code: "harness-failed" });
    },
    answer(message, text) {
      agent.begin(message);
      agent.finish(message, text);
    },
  };
  return agent;
}
