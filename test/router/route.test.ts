import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { route, type RouteInput, type RouteRules } from "../../src/router/route.ts";
import { sampleAgent } from "../fakes/samples.ts";

const agents = new Map(["main", "ops", "other"].map((id) => [id, sampleAgent({ id })]));
const rules = (change: Partial<RouteRules> = {}): RouteRules => ({
  access: undefined,
  bindings: [],
  agents,
  firstAgent: "main",
  ...change,
});
const input = (change: Partial<RouteInput["address"]> = {}, rest: Partial<RouteInput> = {}): RouteInput => ({
  address: { channel: "telegram", account: "default", conversation: "12345", ...change },
  senderId: "12345",
  chat: "direct",
  ...rest,
});

test("without a binding the first agent serves, in a session of the conversation", () => {
  assert.deepEqual(route(input(), rules()), { agent: "main", session: "agent:main:telegram:direct:12345" });
});

test("the first binding that covers the address decides", () => {
  const bindings = [
    { agent: "ops", from: "telegram/default/999" },
    { agent: "other", from: "telegram/*/12345" },
    { agent: "ops", from: "telegram/default/*" },
  ];
  assert.equal(route(input(), rules({ bindings }))?.agent, "other");
});

test("a group's topic, then the group, go before bindings", () => {
  const groups = {
    "-100": { agent: "ops", mention: true, senders: ["*"], topics: { "7": { agent: "other" } } },
  };
  const access = { direct: { policy: "off", allow: [] }, groups } as const;
  const grouped = { chat: "group" } as const;
  assert.deepEqual(route(input({ conversation: "-100", thread: "7" }, grouped), rules({ access })), {
    agent: "other",
    session: "agent:other:telegram:group:-100:thread:7",
  });
  assert.equal(route(input({ conversation: "-100", thread: "8" }, grouped), rules({ access }))?.agent, "ops");
});

test("another account shows in the session's key", () => {
  assert.equal(route(input({ account: "work" }), rules())?.session, "agent:main:telegram/work:direct:12345");
});

test("an agent that isn't declared is no route", () => {
  assert.equal(route(input({}, { named: "nobody" }), rules()), undefined);
});

test("direct chats can share a session per person or per agent", () => {
  const session = { direct: "person", links: { "telegram/default/12345": "ada" }, reset: {} } as const;
  const person = new Map([["main", sampleAgent({ session })]]);
  assert.equal(route(input(), rules({ agents: person }))?.session, "agent:main:person:ada");
  assert.equal(
    route(input({ conversation: "8" }, { senderId: "8" }), rules({ agents: person }))?.session,
    "agent:main:telegram:direct:8",
  );
  const shared = new Map([["main", sampleAgent({ session: { ...session, direct: "agent" } })]]);
  assert.equal(route(input(), rules({ agents: shared }))?.session, "agent:main:main");
});

test("two places never share a session's key, whatever their ids hold", () => {
  const part = fc.string({ minLength: 1, maxLength: 12 });
  const place = fc.record({
    channel: part,
    account: part,
    conversation: part,
    thread: fc.option(part, { nil: undefined }),
  });
  fc.assert(
    fc.property(place, place, (a, b) => {
      const key = ({ thread, ...rest }: typeof a) =>
        route(input({ ...rest, ...(thread !== undefined && { thread }) }), rules())?.session;
      const same =
        JSON.stringify([a.channel, a.account, a.conversation, a.thread].map((p) => p?.toWellFormed())) ===
        JSON.stringify([b.channel, b.account, b.conversation, b.thread].map((p) => p?.toWellFormed()));
      assert.equal(key(a) === key(b), same);
    }),
  );
});
