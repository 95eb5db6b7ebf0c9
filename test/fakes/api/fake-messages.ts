import type { FakeMessage, FakeStore } from "./fake-store.ts";
import { Refusal } from "./fake-request.ts";

/** `GET /api/v1/messages`: newest first, in pages. */
export function listPage(store: FakeStore, query: Readonly<Record<string, string | undefined>>): unknown {
  const limit = Number(query["limit"] ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new Refusal("request-malformed", "limit");
  const before =
    query["cursor"] === undefined ? Number.POSITIVE_INFINITY : Number(query["cursor"].replace("seq-", ""));
  if (Number.isNaN(before)) throw new Refusal("request-malformed", "cursor");
  const states = query["state"]?.split(",");
  const found = store.messages
    .filter(({ seq }) => seq < before)
    .filter(({ state }) => states === undefined || states.includes(state))
    .filter(
      (one) =>
        query["conversation"] === undefined ||
        (one.channel === "web" && one.conversation === query["conversation"]),
    )
    .sort((a, b) => b.seq - a.seq);
  const page = found.slice(0, limit);
  const more = found.length > limit;
  return {
    messages: page.map((one) => messageJson(one, false)),
    cursor: more ? `seq-${page.at(-1)?.seq ?? 0}` : null,
  };
}

export function messageJson({ seq: _seq, history, ...message }: FakeMessage, whole: boolean): unknown {
  return whole ? { ...message, history } : message;
}

/** `POST /api/v1/messages`: the same id in the same conversation is the same message. */
export function acceptOnce(
  store: FakeStore,
  body: Readonly<Record<string, unknown>>,
  agents: readonly string[],
): FakeMessage {
  const [text = "", conversation = "main"] = [textField(body, "text"), textField(body, "conversation")];
  const [agent, id] = [textField(body, "agent"), textField(body, "id")];
  if (conversation.includes("/")) throw new Refusal("request-malformed", "conversation");
  if (agent !== undefined && !agents.includes(agent)) throw new Refusal("agent-unknown");
  const files = readFiles(body["attachments"] ?? []);
  if (text.trim() === "" && files.length === 0) throw new Refusal("message-empty");
  const first = store.messages.find(
    (one) => id !== undefined && one.clientId === id && one.conversation === conversation,
  );
  if (first === undefined) {
    return store.accept({
      text,
      agent: agent ?? agents[0],
      conversation,
      clientId: id ?? null,
      attachments: files,
    });
  }
  const same = first.text === text && JSON.stringify(first.attachments) === JSON.stringify(files);
  if (!same || (agent !== undefined && agent !== first.agent)) throw new Refusal("client-id-conflict");
  return first;
}

function textField(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || typeof value === "string") return value;
  throw new Refusal("request-malformed", name);
}

function readFiles(value: unknown): FakeMessage["attachments"] {
  if (!Array.isArray(value) || value.length > 10) throw new Refusal("attachment-refused");
  return value.map((one: Record<string, unknown>) => {
    const { name, mime, data, ...rest } = one;
    if (
      typeof name !== "string" ||
      typeof mime !== "string" ||
      typeof data !== "string" ||
      Object.keys(rest).length > 0
    ) {
      throw new Refusal("request-malformed", "attachments");
    }
    const bytes = Buffer.from(data, "base64");
    if (bytes.toString("base64") !== data) throw new Refusal("request-malformed", "data");
    return { kind: mime.startsWith("image/") ? "image" : "document", name, mime, bytes: bytes.length };
  });
}

/** Retry, cancel and rerun, in the states in which the gateway allows them. */
export function act(store: FakeStore, message: FakeMessage, action: string): FakeMessage {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    retry: ["dead", "quarantined", ...(message.hold?.code === "turn-interrupted" ? ["held"] : [])],
    cancel: ["queued", "held", "running", "quarantined"],
    rerun: ["done", "cancelled", "dead"],
  };
  if (allowed[action]?.includes(message.state) !== true) throw new Refusal("state-conflict");
  if (action === "retry") store.change(message, { state: "queued", hold: null }, "retried");
  if (action === "cancel") store.change(message, { state: "cancelled", hold: null }, "cancelled");
  if (action !== "rerun") return message;
  const fresh = store.accept({
    text: message.text,
    agent: message.agent,
    conversation: message.conversation,
  });
  fresh.replayOf = message.id;
  return fresh;
}
