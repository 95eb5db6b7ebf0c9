import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { conditionsOf, watchStatus } from "../../src/alerts/watch.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import type { CandidateState } from "../../src/ports/availability.ts";
import type { Failing, StatusReport } from "../../src/ports/status.ts";
import { REPORT } from "../http/rig.ts";
import { createAlertRig } from "./rig.ts";

const failing = (kind: Failing["kind"], id: string, code: ErrorCode): Failing => ({
  kind,
  id,
  code,
  since: 0,
  fix: "Mend it.",
});

function candidate(code: ErrorCode | null, detail: string | null = null): CandidateState {
  return {
    candidate: { harness: "claude-cli", model: "opus" },
    available: code === null,
    level: null,
    code,
    detail,
    since: 0,
    until: null,
    version: null,
    paidBy: null,
  };
}

async function watched(t: Parameters<typeof createAlertRig>[0]) {
  const rig = await createAlertRig(t, { routes: ["one"] });
  const state = { report: REPORT };
  const watch = watchStatus({
    clock: rig.clock,
    alerts: rig.center,
    status: { report: () => state.report, intakeOpen: () => true },
  });
  t.after(() => watch.stop());
  watch.start();
  const told = (): readonly string[] =>
    (rig.routes[0]?.got ?? []).map(({ alert }) => `${alert.kind} ${alert.subject} ${alert.code}`);
  return {
    ...rig,
    watch,
    told,
    set: (change: Partial<StatusReport>) => (state.report = { ...REPORT, ...change }),
  };
}

describe("what the report shows", () => {
  it("is told within a quarter of a second, and at once when somebody knows of a change", async (t) => {
    const { clock, set, told, watch, routes } = await watched(t);
    set({ failing: [failing("channel", "telegram/default", "token-refused")] });
    await clock.advance(250);
    assert.deepEqual(told(), ["raised channel/telegram/default token-refused"]);
    assert.ok((routes[0]?.got[0]?.at ?? Infinity) <= 250);
    set({
      failing: [
        failing("channel", "telegram/default", "token-refused"),
        failing("agent", "main", "harness-missing"),
      ],
    });
    watch.look();
    await clock.advance(0);
    assert.equal(told().length, 2);
  });

  it("and shows no more is over", async (t) => {
    const { clock, set, told } = await watched(t);
    set({ failing: [failing("store", "store", "store-full")] });
    await clock.advance(10 * SECOND);
    set({});
    await clock.advance(10 * SECOND);
    assert.deepEqual(told(), ["raised store store-full", "resolved store store-full"]);
  });

  it("gets a moment first where it often mends itself", async (t) => {
    const { clock, set, told } = await watched(t);
    for (let i = 0; i < 10; i++) {
      set({ failing: [failing("channel", "telegram/default", "channel-unreachable")] });
      await clock.advance(3 * SECOND);
      set({});
      await clock.advance(3 * SECOND);
    }
    assert.deepEqual(told(), []);
    set({ failing: [failing("channel", "telegram/default", "channel-unreachable")] });
    await clock.advance(6 * SECOND);
    assert.deepEqual(told(), ["raised channel/telegram/default channel-unreachable"]);
  });

  it("is no outage right after a start, but is one when nothing comes for a minute", async (t) => {
    const { clock, set, told } = await watched(t);
    set({
      status: "starting",
      failing: [
        failing("channel", "telegram/default", "channel-unproven"),
        failing("dispatcher", "lanes", "draining"),
      ],
    });
    await clock.advance(30 * SECOND);
    assert.deepEqual(told(), []);
    await clock.advance(MINUTE);
    assert.deepEqual(told(), ["raised channel/telegram/default channel-unproven"]);
  });

  it("is neither an outage nor a recovery while the gateway stops", async (t) => {
    const { clock, set, told } = await watched(t);
    set({ failing: [failing("agent", "main", "harness-missing")] });
    await clock.advance(SECOND);
    set({ status: "draining", failing: [failing("channel", "telegram/default", "token-refused")] });
    await clock.advance(MINUTE);
    assert.deepEqual(told(), ["raised agent/main harness-missing"]);
  });

  it("resolves nothing that others reported", async (t) => {
    const { clock, center, told } = await watched(t);
    center.raise({ code: "accounting-difference", subject: "accounting" });
    center.raise({ code: "turn-dead", subject: "messages", lasting: false });
    await clock.advance(MINUTE);
    assert.equal(told().length, 2);
    assert.equal(center.open().length, 2);
  });
});

describe("the words", () => {
  it("name the agent, its harness, why, and until when", () => {
    const [seen] = conditionsOf({
      ...REPORT,
      failing: [failing("agent", "main", "harness-limit")],
      agents: [
        {
          id: "main",
          servable: false,
          candidates: [{ ...candidate("harness-limit", "5 hours"), until: Date.UTC(2026, 0, 1, 15) }],
        },
      ],
    });
    assert.equal(
      seen?.alert.summary,
      "Agent main can't be served: claude-cli/opus: The plan's or the key's limit is reached (5 hours). It ends at 2026-01-01 15:00 UTC. Its messages are held.",
    );
    assert.deepEqual([seen?.alert.agent, seen?.alert.harness], ["main", "claude-cli"]);
  });

  it("warn of a primary that is missed while a fallback serves", () => {
    const report: StatusReport = {
      ...REPORT,
      degraded: ["main"],
      agents: [{ id: "main", servable: true, candidates: [candidate("harness-login"), candidate(null)] }],
    };
    const [seen] = conditionsOf(report);
    assert.equal(seen?.alert.severity, "warning");
    assert.equal(seen?.alert.subject, "candidate/main/claude-cli/opus");
    assert.equal(seen?.grace, 0);
  });
});
