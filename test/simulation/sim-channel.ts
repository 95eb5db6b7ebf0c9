// The adapter of the simulated platform: as strict as a real one about what it confirms and what it calls sent.
import type { Address } from "../../src/core/address.ts";
import { messageOf } from "../../src/core/errors.ts";
import type { Channel, ChannelState, SendOutcome, SendRequest } from "../../src/ports/channel.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Inbound, Intake } from "../../src/ports/intake.ts";
import type { ChannelStore } from "../../src/ports/store.ts";
import { sampleBody } from "../fakes/samples.ts";
import type { Answer, Platform, Update } from "./platform.ts";
import type { Owner } from "./world.ts";

export const KIND = "sim";
export const REPEAT_MARK = "↻ sent again: ";
const IDENTITY = "bot";

export interface SimChannelDeps {
  readonly platform: Platform;
  readonly owner: Owner;
  readonly clock: Clock;
  readonly store: Pick<ChannelStore, "cursor">;
  readonly intake: () => Intake;
}

export function addressOf(chat: string): Address {
  return { channel: KIND, account: "default", conversation: chat };
}

/** What one update says to the inbox. */
export function inboundOf(update: Omit<Update, "id">, sentAt: number): Inbound {
  return {
    kind: "message",
    address: addressOf(update.chat),
    dedupeKey: update.key,
    sender: { id: update.chat, name: "Ada" },
    body: sampleBody({
      text: update.text,
      sentAt,
      platformId: update.key,
      ...(update.album !== null && { album: update.album }),
    }),
    addressed: true,
  };
}

export function createSimChannel(deps: SimChannelDeps): Channel {
  const { platform, owner, clock } = deps;
  const watchers: (() => void)[] = [];
  const nothing = { code: null, detail: null, since: 0, lastReceive: null, name: null, hints: [] };
  let state: ChannelState = { ...nothing, status: "starting" };
  const become = (status: ChannelState["status"]): void => {
    if (state.status === status) return;
    state = { ...state, status, since: clock.now() };
    for (const changed of watchers) changed();
  };
  const flavour = platform.flavour;
  return {
    kind: KIND,
    account: "default",
    capabilities: {
      textUnits: 4096,
      files: false,
      progress: flavour === "editing" ? "edits" : "none",
      inDoubt: flavour === "nonce" ? "nonce" : "repeat",
      fileBytes: 0,
    },
    state: () => state,
    onState: (changed) => void watchers.push(changed),
    run: (signal) => receive(deps, signal, become),
    plan: (reply) => partsOf(reply.text).map((text) => ({ text, format: "markdown" as const })),
    send: (request, signal) => send(platform, owner, request, signal),
    async edit(_address, platformId, text, signal) {
      return outcomeOf(await platform.edit(owner, platformId, text, signal), () => platformId);
    },
  };
}

/** Long replies come in parts: here, what a reply says of each message after the first two. */
function partsOf(text: string): readonly string[] {
  const words = text.split("\n");
  return words.length <= 2 ? [text] : [words.slice(0, 2).join("\n"), words.slice(2).join("\n")];
}

async function receive(
  { platform, owner, clock, store, intake }: SimChannelDeps,
  signal: AbortSignal,
  become: (status: ChannelState["status"]) => void,
): Promise<void> {
  const cursor = await store.cursor(KIND, "default", IDENTITY);
  let offset = cursor === null ? 1 : Number(cursor.value);
  while (!signal.aborted) {
    const answer = await platform.poll(owner, offset);
    if (signal.aborted) return;
    if (answer.kind !== "ok") {
      become("failing");
      await clock.sleep(500, signal);
      continue;
    }
    become("connected");
    const last = answer.value.at(-1);
    if (last === undefined) continue;
    const value = String(last.id + 1);
    try {
      await intake().accept({
        channel: KIND,
        account: "default",
        items: answer.value.map((update) => inboundOf(update, clock.now())),
        cursor: { channel: KIND, account: "default", identity: IDENTITY, value },
      });
      offset = last.id + 1;
    } catch (error) {
      if (messageOf(error) === "") throw error;
      await clock.sleep(300, signal);
    }
  }
}

async function send(
  platform: Platform,
  owner: Owner,
  { delivery, replaces, repeat }: SendRequest,
  signal: AbortSignal,
): Promise<SendOutcome> {
  const { key, body, address } = delivery;
  if (replaces !== null && !replaces.editInDoubt) {
    const edited = await platform.edit(owner, replaces.platformId, body.text, signal);
    return outcomeOf(edited, () => replaces.platformId);
  }
  const marked = repeat && platform.flavour !== "nonce" ? `${REPEAT_MARK}${body.text}` : body.text;
  const sent = await platform.send(owner, { key, chat: address.conversation, text: marked }, signal);
  if (sent.kind === "ok" && replaces !== null) await platform.remove(owner, replaces.platformId, signal);
  return outcomeOf(sent, (id) => id);
}

function outcomeOf<T>(answer: Answer<T>, idOf: (value: T) => string): SendOutcome {
  switch (answer.kind) {
    case "ok":
      return { kind: "sent", platformId: idOf(answer.value) };
    case "wait":
      return answer;
    case "not-sent":
    case "refused":
      return { kind: answer.kind, detail: answer.kind };
    case "silence":
      return { kind: "in-doubt", detail: "no response" };
  }
}
