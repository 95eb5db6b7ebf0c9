// The judge of the crash sweep finds what it looks for, and the lives that it is given are what they should be.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { POINTS, type Point } from "../failpoints/points.ts";
import type { Witnessed } from "../fakes/harness/witness.ts";
import { judge, type Evidence, type Shown } from "./crash/judge.ts";
import { livesOf } from "./crash/kills.ts";
import { wordsOf, type Said } from "./crash/people.ts";

const textOf = (n: number): string => wordsOf(n).join(" fake:once fake:tool=Bash ");
const chatOf = (n: number, chat: string): Said => ({
  n,
  chat,
  via: "telegram",
  act: "tool",
  text: textOf(n),
  updateId: 100 + n,
  id: null,
});
const whoami: Said = { ...chatOf(5, "208"), act: "command", text: "/whoami" };
const WHOAMI = "You are Ada. This chat is telegram/default/208.";
const posted = (n: number): Said => ({ ...chatOf(n, "one"), via: "api", updateId: 0, id: `m_${n}` });
const shown = (messageId: number, ...ns: readonly number[]): Shown => ({
  messageId,
  text: `You said: ${ns.map(textOf).join("\n\n")}`,
});
const line = (
  what: Witnessed["what"],
  lane: string,
  n: number,
  rivals: readonly number[] = [],
): Witnessed => ({
  what,
  at: n,
  pid: 1,
  turn: `[rollcall t_${n}]`,
  lane,
  ...(what === "prompt" && { text: textOf(n), rivals }),
});

/** Three messages in one chat, the last two answered together, one in another, and one over the API. */
const good: Evidence = {
  said: [chatOf(0, "201"), chatOf(1, "201"), chatOf(2, "201"), chatOf(3, "202"), posted(4), whoami],
  chats: new Map([
    ["201", [shown(5, 0), { messageId: 9, text: `You said: ${textOf(1)}\n\n${textOf(2)}` }]],
    ["202", [shown(3, 3)]],
    ["208", [{ messageId: 2, text: WHOAMI }]],
  ]),
  confirmed: 110,
  replied: [{ n: 4, state: "done", reply: `You said: ${textOf(4)}`, sent: 1 }],
  witnessed: [
    line("prompt", "201", 0),
    line("tool", "201", 0),
    { ...line("prompt", "201", 1), text: `${textOf(1)}\n\n${textOf(2)}` },
    line("prompt", "202", 3),
    line("prompt", "one", 4),
  ],
};
const withChat = (chat: string, ...messages: readonly Shown[]): Evidence => ({
  ...good,
  chats: new Map([...good.chats, [chat, messages]]),
});
const again = (of: Shown): Shown => ({ messageId: of.messageId + 90, text: `↻ sent again: ${of.text}` });

describe("the judge", () => {
  it("finds nothing where nothing is wrong", () => {
    const { faults, figures } = judge(good);
    assert.deepEqual(faults, []);
    assert.deepEqual(figures, {
      messages: 6,
      lost: 0,
      twice: 0,
      flagged: 0,
      misplaced: 0,
      misordered: 0,
      reruns: 0,
      toolsAgain: 0,
      rivals: 0,
      leftViews: 0,
    });
  });

  it("lets a marked repeat pass, and counts it", () => {
    const { faults, figures } = judge(withChat("202", shown(3, 3), again(shown(3, 3))));
    assert.deepEqual(faults, []);
    assert.equal(figures.flagged, 1);
    assert.deepEqual(judge(withChat("202", again(shown(3, 3)))).faults, [], "a repeat of what never arrived");
  });

  const wrong: Readonly<Record<string, readonly [Evidence, RegExp]>> = {
    "a lost message": [withChat("202"), /^lost: message 3 of 202/],
    "half an answer": [
      withChat("202", { messageId: 3, text: `You said: ${wordsOf(3)[0]}` }),
      /^lost: message 3 of 202/,
    ],
    "a second answer": [withChat("202", shown(3, 3), shown(4, 3)), /message 3 of 202 was answered 2 times/],
    "an answer in another chat": [withChat("203", shown(3, 3)), /chat 203 was shown message 3 of 202/],
    "answers out of order": [
      withChat("201", shown(5, 1, 2), shown(6, 0)),
      /message 1 was answered before message 0/,
    ],
    "answers out of order in one text": [
      withChat("201", shown(5, 0), shown(6, 2, 1)),
      /message 2 was answered before/,
    ],
    "an update that stayed": [{ ...good, confirmed: 103 }, /message 3 was never confirmed/],
    "an unanswered post": [{ ...good, replied: [] }, /^lost: message 4 of one/],
    "another's reply": [
      { ...good, replied: [{ n: 4, state: "done", reply: textOf(3), sent: 1 }] },
      /^lost: message 4 of one/,
    ],
    "a reply that was delivered twice": [
      { ...good, replied: good.replied.map((one) => ({ ...one, sent: 2 })) },
      /reply to message 4 was delivered 2 times/,
    ],
    "a command without an answer": [withChat("208"), /chat 208: 1 commands were answered 0 times/],
    "a command that was answered twice": [
      withChat("208", { messageId: 2, text: WHOAMI }, { messageId: 3, text: WHOAMI }),
      /chat 208: 1 commands were answered 2 times/,
    ],
    "two programs in one lane": [
      { ...good, witnessed: [...good.witnessed, line("prompt", "202", 3, [77])] },
      /lane 202: process 1 was given a prompt while 77 lived/,
    ],
    "a tool that ran again": [
      { ...good, witnessed: [...good.witnessed, line("tool", "201", 0)] },
      /tools were run again 1 times/,
    ],
    "prompts out of order": [
      { ...good, witnessed: good.witnessed.toReversed() },
      /message 1 was prompted before an earlier one/,
    ],
  };
  for (const [what, [evidence, says]] of Object.entries(wrong))
    it(`finds ${what}`, () => {
      const { faults } = judge(evidence);
      assert.ok(
        faults.some((fault) => says.test(fault)),
        JSON.stringify(faults),
      );
    });
});

describe("the lives of a station", () => {
  const inTurn = (): (() => Point) => {
    let next = 0;
    return () => POINTS[next++ % POINTS.length] ?? POINTS[0];
  };
  const many = Array.from({ length: 50 }, (_, seed) => livesOf(seed, 25, inTurn(), true));

  it("are the same for the same seed, and as many as were asked for", () => {
    assert.deepEqual(livesOf(7, 25, inTurn(), true), livesOf(7, 25, inTurn(), true));
    for (const lives of many) assert.equal(lives.length, 25);
  });

  it("hit nothing three times in a row before it could be answered", () => {
    for (const lives of many) {
      let hits = 0;
      for (const { drain, kill } of lives) {
        hits = drain ? 0 : hits;
        hits += kill.how === "idle" ? 0 : 1;
        assert.ok(hits <= 2);
      }
    }
  });

  it("kill at writes only where they can be counted", () => {
    assert.ok(many.flat().some(({ kill }) => kill.how === "write"));
    const without = livesOf(7, 200, inTurn(), false);
    assert.ok(without.every(({ kill }) => kill.how !== "write"));
    const hit = without.flatMap(({ kill }) => (kill.how === "point" ? [kill.point] : []));
    assert.deepEqual(new Set(hit), new Set(POINTS), "every point in turn");
  });
});
