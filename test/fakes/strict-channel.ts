// A platform with one rule for sends in doubt, strict about it, and the channel to it: what people see is its own
// record, kept apart from what the gateway believes.
import type { ChannelCapabilities, FoundSent, SendOutcome } from "../../src/ports/channel.ts";
import { createScriptChannel, type ScriptChannel } from "./script-channel.ts";

export const REPEAT_MARK = "↻ sent again: ";

/** One message as people see it. */
export interface ShownMessage {
  readonly id: string;
  readonly chat: string;
  readonly key: string;
  text: string;
  removed: boolean;
}

/** What befalls a request. */
export type Mishap =
  /** It never arrives; nobody can know. */
  | "request-lost"
  /** It arrives and is done; nobody hears of it. */
  | "response-lost"
  /** It arrives when `landLate` is called; nobody hears of it. */
  | "late"
  /** No byte leaves. */
  | "not-sent"
  /** Done, as it should be. */
  | "none";

export interface StrictChannel extends ScriptChannel {
  readonly shown: readonly ShownMessage[];
  /** What befalls the next sends and edits, in order; after them nothing does. */
  readonly mishaps: Mishap[];
  /** Whether the next looks fail. */
  readonly blind: boolean[];
  /** Keys that were looked for. */
  readonly looks: readonly string[];
  landLate(): void;
  /** What people can see now. */
  visible(chat?: string): readonly ShownMessage[];
}

/** A reply has one part for each of its paragraphs. */
export function createStrictChannel(
  rule: ChannelCapabilities["inDoubt"],
  capabilities: Partial<ChannelCapabilities> = {},
): StrictChannel {
  const progress = rule === "edit" ? "edits" : "none";
  const base = createScriptChannel("telegram", { inDoubt: rule, progress, ...capabilities });
  const shown: ShownMessage[] = [];
  const mishaps: Mishap[] = [];
  const blind: boolean[] = [];
  const looks: string[] = [];
  const late: (() => void)[] = [];
  const request = (apply: () => string): SendOutcome => {
    const mishap = mishaps.shift() ?? "none";
    if (mishap === "none") return { kind: "sent", platformId: apply() };
    if (mishap === "not-sent") return { kind: "not-sent", detail: "refused" };
    if (mishap === "late") late.push(() => void apply());
    if (mishap === "response-lost") apply();
    return { kind: "in-doubt", detail: "no response" };
  };
  const show = (message: Omit<ShownMessage, "id" | "removed">): string => {
    const known = rule === "nonce" ? shown.find(({ key }) => key === message.key) : undefined;
    if (known !== undefined) return known.id;
    shown.push({ ...message, id: `p${shown.length + 1}`, removed: false });
    return `p${shown.length}`;
  };
  const write = (id: string, text: string): string => {
    for (const message of shown) if (message.id === id && !message.removed) message.text = text;
    return id;
  };
  return {
    ...base,
    shown,
    mishaps,
    blind,
    looks,
    landLate: () => late.splice(0).forEach((land) => land()),
    visible: (chat) => shown.filter((one) => !one.removed && (chat ?? one.chat) === one.chat),
    plan: ({ text }) => text.split("\n\n").map((part) => ({ text: part, format: "markdown" })),
    async send(sending) {
      base.sent.push(sending);
      const { delivery, replaces, repeat } = sending;
      const { key, body, address } = delivery;
      if (rule === "edit" && replaces !== null && !replaces.editInDoubt)
        return request(() => write(replaces.platformId, body.text));
      const text = (repeat ? REPEAT_MARK : "") + body.text;
      const outcome = request(() => show({ chat: address.conversation, key, text }));
      if (outcome.kind === "sent" && replaces !== null)
        for (const message of shown) if (message.id === replaces.platformId) message.removed = true;
      return outcome;
    },
    async edit(_address, platformId, text) {
      base.edits.push({ platformId, text });
      return request(() => write(platformId, text));
    },
    ...(rule === "read-back" && {
      async findSent({ key }): Promise<FoundSent> {
        looks.push(key);
        if (blind.shift() === true) return { kind: "unknown", detail: "the look failed" };
        const found = shown.find((message) => message.key === key);
        return found === undefined ? { kind: "absent" } : { kind: "found", platformId: found.id };
      },
    }),
  };
}
