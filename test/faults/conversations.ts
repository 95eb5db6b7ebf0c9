// Conversations in flight on the real program with the fake Claude behind it: each asks one thing, in its own words.
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fakeClaude, type FakeClaude } from "../fakes/harness/fake-claude.ts";
import { makeHome, replyOf, type Gateway, type Home } from "../gateway/program.ts";

export interface Flight {
  readonly home: Home;
  readonly claude: FakeClaude;
  readonly wordsOf: (name: string) => string;
  /** Sends what each conversation asks, and resolves when all of it is with the harness. */
  send(gateway: Gateway): Promise<void>;
  /** What became of them, once all have ended. */
  count(gateway: Gateway): Promise<Count>;
}

export interface Count {
  /** Conversations that got the answer to their own words. */
  readonly answered: number;
  /** Replies beyond the first that were sent to one conversation. */
  readonly double: number;
  /** Messages that were put back to run again, as each one's own JSON says. */
  readonly reruns: number;
  /** Conversations whose own text reached the harness. */
  readonly reached: number;
}

export interface FlightOptions {
  readonly conversations: number;
  /** Milliseconds that each answer takes, unless `act` says something else. */
  readonly work: number;
  /** Processes of the harness at once; as many as conversations when absent, so that none waits for another. */
  readonly pool?: number;
  readonly grace?: string;
  readonly agent?: object;
  /** What is said, beside the words of its own; see the fake's acts. */
  readonly act?: string;
}

export function prepareFlight(t: TestContext, options: FlightOptions): Flight {
  const { conversations, grace = "0s", act = `fake:work=${options.work}` } = options;
  const home = makeHome(t);
  const claude = fakeClaude({ dir: join(home.dir, "claude"), cache: join(home.dir, "code") });
  home.configure({
    gateway: { drain: { grace } },
    agents: { list: [{ id: "main", model: { primary: "claude-cli/default" }, ...options.agent }] },
    // The default of 8 at once would make some of them wait for others.
    harnesses: { "claude-cli": { command: claude.command, pool: { max: options.pool ?? conversations } } },
  });
  const names = Array.from({ length: conversations }, (_, i) => `c${i}`);
  const wordsOf = (name: string): string => `words of ${name} ${act}`;
  const post = (gateway: Gateway, name: string, wait: string) =>
    gateway.api(`/api/v1/messages${wait}`, { body: { text: wordsOf(name), conversation: name, id: name } });
  const answerTo = (name: string): string => `You said: ${wordsOf(name)}`;
  return {
    home,
    claude,
    wordsOf,
    async send(gateway) {
      const before = claude.prompts().length;
      await Promise.all(names.map((name) => post(gateway, name, "")));
      await until(() => claude.prompts().length - before >= conversations);
    },
    async count(gateway) {
      const answers = await Promise.all(names.map((name) => post(gateway, name, "?wait=60")));
      const { json } = await gateway.api("/api/v1/messages?limit=200");
      const messages = json["messages"] as readonly MessageJson[];
      assert.equal(messages.length, conversations, "no message was lost, and none made");
      const sent = messages.map(
        ({ deliveries }) =>
          deliveries.filter(({ kind, state }) => kind === "reply" && state === "sent").length,
      );
      const texts = claude.prompts().map(({ text }) => text);
      return {
        answered: answers.filter(({ json: one }, i) => replyOf(one) === answerTo(names[i] ?? "")).length,
        double: sent.reduce((sum, copies) => sum + Math.max(0, copies - 1), 0),
        reruns: messages.reduce((sum, { repeats }) => sum + repeats, 0),
        reached: names.filter((name) => texts.some((text) => text.endsWith(`\n---\n${wordsOf(name)}`)))
          .length,
      };
    },
  };
}

interface MessageJson {
  readonly deliveries: readonly { readonly kind: string; readonly state: string }[];
  readonly repeats: number;
}

const PATIENCE = 30_000;

export async function until(there: () => boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE; !there();) {
    assert.ok(Date.now() < end, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
