import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answeredInOrder, answeredOnce } from "../../src/gateway/drill/answers.ts";
import { readForDrill } from "../../src/gateway/drill/read-config.ts";
import { isolate } from "../../src/gateway/drill/isolate.ts";
import { peopleOf, type Person } from "../../src/gateway/drill/people.ts";
import type { Shown } from "../../src/gateway/drill/platform.ts";
import { compare } from "../../src/gateway/drill/untouched.ts";

const ADA: Person = { id: 1, account: "default", agent: "main" };
const BOB: Person = { id: 2, account: "default", agent: "main" };

function seenBy(chats: ReadonlyMap<Person, readonly string[]>) {
  const shown = (person: Person): readonly Shown[] =>
    (chats.get(person) ?? []).map((text, at) => ({ messageId: at, chat: person.id, text, at }));
  return { shown };
}

const said = [
  { person: ADA, mark: "mark-a-1" },
  { person: ADA, mark: "mark-a-10" },
];

describe("what a drill judges by", () => {
  it("sees answers that are missing, doubled, flagged, or in another chat", () => {
    const once = (...texts: string[]) => answeredOnce(said, seenBy(new Map([[ADA, texts]])));
    assert.equal(once("Answer to mark-a-1 mark-a-10").kept, true);
    assert.deepEqual(once("Answer to mark-a-10"), { kept: false, seen: "1 of 2 answered, 0 twice" });
    assert.deepEqual(once("Answer to mark-a-1 mark-a-10", "Answer to mark-a-1"), {
      kept: false,
      seen: "2 of 2 answered, 1 twice",
    });
    const flagged = once("Answer to mark-a-1 mark-a-10", "↻ sent again:\nAnswer to mark-a-1");
    assert.deepEqual(flagged, { kept: true, seen: "2 of 2 answered, 0 twice, 1 repeated and flagged" });
    assert.equal(once("Your message mark-a-1 mark-a-10 is saved").kept, false);
    assert.equal(answeredOnce(said, seenBy(new Map([[BOB, ["Answer to mark-a-1 mark-a-10"]]]))).kept, false);
  });

  it("sees answers that are out of order, between messages and within one", () => {
    const ordered = (...texts: string[]) => answeredInOrder(said, seenBy(new Map([[ADA, texts]]))).kept;
    assert.equal(ordered("Answer to mark-a-1", "Answer to mark-a-10"), true);
    assert.equal(ordered("Answer to mark-a-10", "Answer to mark-a-1"), false);
    assert.equal(ordered("Answer to mark-a-10 mark-a-1"), false);
  });

  it("sees what changed in a folder, what came and what went", () => {
    const before = new Map([["token", "1"]]);
    assert.equal(compare(before, new Map(before)).kept, true);
    for (const after of [
      new Map([["token", "2"]]),
      new Map<string, string>(),
      new Map([...before, ["x", "1"]]),
    ])
      assert.equal(compare(before, after).kept, false);
  });

  it("leaves nothing of the user's programs, tokens, addresses and folders in the isolated copy", async () => {
    const { raw, config } = await readForDrill({
      config: undefined,
      env: { HOME: "/nowhere" },
      cwd: "/nowhere",
    });
    const secretive = {
      ...raw,
      owners: ["telegram/default/99"],
      gateway: { host: "0.0.0.0", port: 1, publicUrl: "https://mine", auth: { token: "mine" } },
      harnesses: { echo: { command: "mine", env: { KEY: "mine" } } },
      channels: { telegram: { accounts: { default: { token: "mine", media: { transcribe: "mine" } } } } },
      alerts: { routes: [{ kind: "webhook", url: "https://mine" }], deadman: { url: "https://mine" } },
      plugins: ["mine"],
    };
    const people = peopleOf(config);
    const copy = isolate(secretive, config, {
      dir: "/drill",
      people,
      apiRoot: "http://127.0.0.1:2",
      tokenOf: () => "1:made-up",
      hook: "http://127.0.0.1:3",
      programOf: (id) => `/drill/bin/${id}`,
      harnesses: ["echo"],
    });
    assert.doesNotMatch(JSON.stringify(copy), /mine|99|0\.0\.0\.0|nowhere/);
  });
});
