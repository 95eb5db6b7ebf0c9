// People who write while gateways die: in chats of the fake Telegram, and over the API with ids of their own. What they
// wrote is remembered here, in a process that nobody kills.
import { setTimeout as pause } from "node:timers/promises";
import type { Act } from "./kills.ts";

/** One text that somebody wrote. Its words are nowhere else, so that an answer that quotes it shows whose it is. */
export interface Said {
  readonly n: number;
  readonly via: "telegram" | "api";
  /** Chat id, or the API's conversation. */
  readonly chat: string;
  readonly act: Act;
  readonly text: string;
  /** The platform's number of the update. */
  readonly updateId: number;
  /** The gateway's id, once the API said 202. */
  id: string | null;
}

/** The first and the last word of a text: who has both has all of it. */
export const wordsOf = (n: number): readonly [string, string] => [`b${n}x`, `e${n}x`];

const ACTS: Readonly<Record<Act, string>> = {
  plain: "",
  work: "fake:work=150 ",
  tool: "fake:once fake:tool=Bash ",
  shell: "fake:once fake:shell=250 ",
  // Cut off by a death; the next prompt is answered at once.
  long: "fake:once fake:shell=4000 ",
  slow: "fake:slow=200 one two three four five six seven eight nine ten ",
  fails: "fake:once fake:error=500 ",
  command: "",
};

export const DIRECT = ["201", "202", "203", "204"] as const;
/** Where somebody writes who wants something certain done: nothing else stands in its line. */
const LINES: Partial<Record<Act, string>> = { long: "205", slow: "206", fails: "207", command: "208" };
export const GROUP = "-500";
const CONVERSATIONS = ["one", "two"] as const;
/** A group takes twenty messages a minute. */
const GROUP_EVERY = 6000;

export interface People {
  readonly said: readonly Said[];
  /** Somebody writes something in a chat. */
  chat(act?: Act): Promise<void>;
  /** Somebody posts something; it is sent when a gateway takes it. */
  post(): void;
  /** Sends what was posted to a gateway that listens, until it is gone. Resolves when it is. */
  deliver(url: string, token: string, gone: AbortSignal): Promise<void>;
}

export type Control = (name: string, ...args: unknown[]) => Promise<unknown>;

export function createPeople(control: Control, random: () => number): People {
  const said: Said[] = [];
  let lastInGroup = 0;
  const pick = <T>(list: readonly [T, ...T[]]): T => list[Math.floor(random() * list.length)] ?? list[0];
  const anyAct = (): Act => {
    const which = random();
    if (which < 0.6) return "plain";
    return which < 0.72
      ? "work"
      : which < 0.84
        ? "tool"
        : which < 0.92
          ? "shell"
          : which < 0.97
            ? "slow"
            : "command";
  };
  const add = (one: Pick<Said, "via" | "chat" | "act">): Said => {
    const n = said.length;
    const [begin, end] = wordsOf(n);
    const text = one.act === "command" ? "/whoami" : `${begin} ${ACTS[one.act]}${end}`;
    return { ...one, n, text, updateId: 0, id: null };
  };
  return {
    said,
    async chat(act = anyAct()) {
      const group = random() < 0.1 && Date.now() - lastInGroup > GROUP_EVERY && act === "plain";
      if (group) lastInGroup = Date.now();
      const chat = group ? GROUP : (LINES[act] ?? pick(DIRECT));
      const one = add({ via: "telegram", chat, act });
      // Taken before the call, so that the next one gets another number.
      said.push(one);
      const answer = group
        ? await control("sayInGroup", Number(GROUP), one.text, { from: 201 })
        : await control("say", one.text, { from: Number(chat) });
      said[one.n] = { ...one, updateId: (answer as { updateId: number }).updateId };
    },
    post: () =>
      void said.push(add({ via: "api", chat: pick(CONVERSATIONS), act: random() < 0.8 ? "plain" : "tool" })),
    async deliver(url, token, gone) {
      await Promise.all(
        CONVERSATIONS.map((conversation) => deliverAll({ url, token, gone }, said, conversation)),
      );
    },
  };
}

interface Door {
  readonly url: string;
  readonly token: string;
  readonly gone: AbortSignal;
}

/** One after another, as a client does that wants them in order; a message that nobody took is sent again as it was. */
async function deliverAll(door: Door, said: readonly Said[], conversation: string): Promise<void> {
  while (!door.gone.aborted) {
    const next = said.find((one) => one.via === "api" && one.chat === conversation && one.id === null);
    if (next !== undefined) next.id = await deliverOne(door, next);
    if (next === undefined || next.id === null) await pause(30);
  }
}

async function deliverOne({ url, token }: Door, { n, text, chat }: Said): Promise<string | null> {
  try {
    const response = await fetch(`${url}/api/v1/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ id: `client-${n}`, text, conversation: chat }),
      signal: AbortSignal.timeout(5000),
    });
    if (response.status !== 202 && response.status !== 200) return null;
    return ((await response.json()) as { message: { id: string } }).message.id;
  } catch {
    return null; // it died meanwhile: sent again to the next one, with the same id
  }
}
