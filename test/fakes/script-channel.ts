import type {
  Channel,
  ChannelCapabilities,
  ChannelState,
  SendOutcome,
  SendRequest,
} from "../../src/ports/channel.ts";

/** A channel in this process: what it was asked to send, and how each try shall end. */
export interface ScriptChannel extends Channel {
  /** Outcomes of the next tries, in order; after them everything is sent. */
  readonly outcomes: (SendOutcome | "hang")[];
  readonly sent: SendRequest[];
  readonly edits: { readonly platformId: string; readonly text: string }[];
  status(state: Partial<ChannelState>): void;
}

export function createScriptChannel(
  kind: string,
  capabilities: Partial<ChannelCapabilities> = {},
): ScriptChannel {
  const watchers: (() => void)[] = [];
  let state: ChannelState = {
    status: "connected",
    code: null,
    detail: null,
    since: 0,
    lastReceive: 0,
    name: null,
    hints: [],
  };
  const channel: ScriptChannel = {
    kind,
    account: "default",
    capabilities: {
      textUnits: 4096,
      files: true,
      progress: "none",
      inDoubt: "repeat",
      fileBytes: 1000,
      ...capabilities,
    },
    outcomes: [],
    sent: [],
    edits: [],
    run: () => new Promise<void>(() => {}),
    state: () => state,
    onState: (changed) => void watchers.push(changed),
    plan: (reply) => [{ text: reply.text, format: "markdown" }],
    async send(request, signal) {
      channel.sent.push(request);
      const outcome = channel.outcomes.shift() ?? { kind: "sent", platformId: `p${channel.sent.length}` };
      if (outcome !== "hang") return outcome;
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve({ kind: "in-doubt", detail: "cut off" }), {
          once: true,
        });
      });
    },
    async edit(_address, platformId, text) {
      channel.edits.push({ platformId, text });
      return { kind: "sent", platformId };
    },
    status(change) {
      state = { ...state, ...change };
      for (const watcher of watchers) watcher();
    },
  };
  return channel;
}
