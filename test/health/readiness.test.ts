import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ErrorCode } from "../../src/core/errors.ts";
import type { CandidateState } from "../../src/ports/availability.ts";
import { computeReadiness, type ReadinessFacts } from "../../src/health/readiness.ts";

const candidate = (
  available: boolean,
  code: ErrorCode | null = available ? null : "harness-missing",
): CandidateState => ({
  candidate: { harness: "a", model: "x" },
  available,
  code,
  level: null,
  detail: "secret /path",
  since: 5,
  until: null,
  version: null,
  paidBy: null,
});
const channel = (connected: boolean, received = connected): ReadinessFacts["channels"][number] => ({
  channel: "telegram",
  account: "default",
  state: {
    status: connected ? "connected" : "failing",
    code: connected ? null : "token-refused",
    detail: null,
    since: 3,
    lastReceive: received ? 1 : null,
    name: null,
    hints: [],
  },
});
const facts = (change: Partial<ReadinessFacts> = {}): ReadinessFacts => ({
  draining: false,
  started: true,
  store: null,
  dispatchOpen: true,
  agents: [{ id: "main", candidates: [candidate(true)] }],
  channels: [channel(true)],
  now: 9,
  ...change,
});

test("ready when every agent is servable, every channel received, and the store commits", () => {
  assert.deepEqual(computeReadiness(facts()), { status: "ready", failing: [], degraded: [] });
});

test("an agent without a candidate holds, and says why and since when", () => {
  const { status, failing } = computeReadiness(
    facts({ agents: [{ id: "main", candidates: [candidate(false), candidate(false)] }] }),
  );
  assert.equal(status, "holding");
  assert.deepEqual(
    failing.map(({ kind, id, code, since }) => ({ kind, id, code, since })),
    [{ kind: "agent", id: "main", code: "harness-missing", since: 5 }],
  );
  assert.ok(!JSON.stringify(failing).includes("/path"));
});

test("an agent on its fallback is degraded, not failing", () => {
  const { status, degraded } = computeReadiness(
    facts({ agents: [{ id: "main", candidates: [candidate(false), candidate(true)] }] }),
  );
  assert.equal(status, "ready");
  assert.deepEqual(degraded, ["main"]);
});

test("an agent of which nothing is known is failing", () => {
  assert.equal(computeReadiness(facts({ agents: [{ id: "main", candidates: [] }] })).status, "holding");
});

test("a channel that never received is failing, however connected it says it is", () => {
  assert.equal(computeReadiness(facts({ channels: [channel(true, false)] })).status, "holding");
  assert.equal(computeReadiness(facts({ channels: [channel(false)] })).failing[0]?.code, "token-refused");
});

test("draining before starting before not_ready before holding before ready", () => {
  const store = { code: "store-full", since: 1 } as const;
  const holding = { agents: [{ id: "main", candidates: [candidate(false)] }] };
  assert.equal(
    computeReadiness(facts({ ...holding, store, started: false, draining: true })).status,
    "draining",
  );
  assert.equal(computeReadiness(facts({ ...holding, store, started: false })).status, "starting");
  assert.equal(computeReadiness(facts({ ...holding, store })).status, "not_ready");
  assert.equal(computeReadiness(facts(holding)).status, "holding");
});

test("never ready while anything fails", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.boolean(), { maxLength: 3 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.boolean(), { maxLength: 3 }),
      fc.boolean(),
      (agents, channels, broken) => {
        const all = facts({
          agents: agents.map((list, i) => ({
            id: `a${i}`,
            candidates: list.map((available) => candidate(available)),
          })),
          channels: channels.map((connected) => channel(connected)),
          store: broken ? { code: "store-io", since: 0 } : null,
        });
        const served = agents.every((list) => list.includes(true));
        assert.equal(computeReadiness(all).status === "ready", served && channels.every(Boolean) && !broken);
      },
    ),
  );
});
