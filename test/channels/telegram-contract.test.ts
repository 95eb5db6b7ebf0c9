import { channelSuite, type ChannelRig, type SendTrouble } from "../contracts/channel-suite.ts";
import { PERSON } from "../fakes/telegram/people.ts";
import type { ScriptHandle, Trouble } from "../fakes/telegram/fault.ts";
import { openRig } from "./telegram-rig.ts";

const TROUBLES: Readonly<Record<Exclude<SendTrouble, "unreachable">, Trouble>> = {
  "answer-lost": { kind: "lose" },
  refused: { kind: "error", code: 403, description: "Forbidden: bot was blocked by the user" },
  paced: {
    kind: "error",
    code: 429,
    description: "Too Many Requests: retry after 30",
    parameters: { retry_after: 30 },
  },
};

async function open(): Promise<ChannelRig> {
  const rig = await openRig();
  rig.fake.chat(PERSON);
  let outage: ScriptHandle | undefined;
  return {
    channel: rig.channel,
    intake: rig.intake,
    address: { channel: "telegram", account: "default", conversation: String(PERSON) },
    say: async (text) => void rig.fake.say(text),
    unconfirmed: async () => rig.fake.updates.waiting.length > 0,
    shown: async () =>
      rig.fake
        .chat(PERSON)
        .messages.filter((message) => message.fromBot && !message.deleted)
        .map((message) => message.text),
    async trouble(kind) {
      if (kind === "unreachable") await rig.fake.close();
      else rig.fake.script({ method: "sendMessage", trouble: TROUBLES[kind] });
    },
    async reachable(yes) {
      outage?.stop();
      if (yes) return;
      outage = rig.fake.script({ times: Infinity, trouble: { kind: "drop" } });
      rig.fake.updates.close();
    },
    pass: (ms) => rig.clock.advance(ms),
    leftovers: async () => (rig.clock.pending === 0 ? [] : [`${rig.clock.pending} timers`]),
    close: () => rig.close(),
  };
}

channelSuite({ name: "telegram", open });
