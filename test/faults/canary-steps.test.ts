// The gateway's own message through the whole walk: where it stops is named, wherever that is.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { canaryAddress } from "../../src/core/canary.ts";
import { RollcallError, type ErrorCode } from "../../src/core/errors.ts";
import type { Failure } from "../../src/core/failure.ts";
import { HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import { CANARY_WITHIN, createCanary, type CanaryDeps } from "../../src/health/canary.ts";
import type { IncidentId } from "../../src/core/ids.ts";
import { HarnessFailed, type Harness } from "../../src/ports/harness.ts";
import type { Intake } from "../../src/ports/intake.ts";
import { createRig, type Rig, type RigOptions } from "../fakes/core-rig.ts";
import { keepLog, noMetrics, type LogLine } from "../fakes/quiet.ts";
import { createScriptChannel } from "../fakes/script-channel.ts";
import { failing, hang, sayBack } from "../fakes/script-harness.ts";

interface Cage {
  readonly rig: Rig;
  readonly lines: LogLine[];
  readonly alerts: string[];
  readonly outcomes: string[];
  /** Canaries that the store has, the newest first. */
  readonly all: () => Promise<readonly { readonly state: string; readonly session: string }[]>;
  /** What `canary.failed` said. */
  readonly failed: () => readonly (readonly unknown[])[];
}

async function cage(
  t: TestContext,
  options: RigOptions = {},
  change: Partial<CanaryDeps> = {},
): Promise<Cage> {
  const agents = options.agents ?? [{ canary: { every: HOUR } }];
  const channel = options.channel ?? createScriptChannel("web");
  const rig = await createRig({ ...options, channel, agents });
  const lines: LogLine[] = [];
  const alerts: string[] = [];
  const outcomes: string[] = [];
  let uuid = 0;
  const canary = createCanary({
    roster: { current: () => rig.generation },
    availability: rig.availability,
    intake: rig.pipeline.intake,
    operate: rig.pipeline.operate,
    store: rig.store,
    clock: rig.clock,
    random: { uuid: () => `${rig.store.epoch}-${++uuid}` },
    log: keepLog(lines),
    metrics: {
      ...noMetrics,
      count: (name, labels) => void (name === "canary_total" && outcomes.push(labels?.["outcome"] ?? "")),
    },
    alerts: {
      raise: ({ code, subject }) => {
        alerts.push(`raise ${code} ${subject}`);
        return "i_1" as IncidentId;
      },
      resolve: (code, subject) => void alerts.push(`resolve ${code} ${subject}`),
    },
    open: () => true,
    ...change,
  });
  await rig.pipeline.resume();
  canary.start();
  t.after(async () => {
    canary.stop();
    await rig.stop();
  });
  return {
    rig,
    lines,
    alerts,
    outcomes,
    all: async () =>
      (await rig.store.messages({ conversation: canaryAddress("main"), limit: 1000 })).map(
        ({ entry }) => entry,
      ),
    failed: () =>
      lines
        .filter(({ event }) => event === "canary.failed")
        .map(({ fields }) => [fields["agent"], fields["step"], fields["code"]]),
  };
}

const PATIENT = { firstEvent: HOUR, idle: HOUR, toolIdle: HOUR, total: HOUR } as const;

const refusing = (code: ErrorCode): Intake => ({
  accept: () => Promise.reject(new RollcallError(code)),
});

test("a canary is answered, again after its pause, in a session of its own that begins afresh each time", async (t) => {
  const { rig, all, outcomes, alerts, lines } = await cage(t, {
    agents: [{ canary: { every: HOUR }, session: { direct: "agent", links: {}, reset: {} } }],
  });
  await rig.run(5 * SECOND);
  assert.deepEqual(outcomes, ["answered"]);
  assert.equal(rig.texts().length, 1);
  await rig.run(HOUR);
  assert.deepEqual(outcomes, ["answered", "answered"]);
  assert.deepEqual(
    [...new Set((await all()).map(({ session }) => session))],
    ["agent:main:web:direct:canary%2Fmain"],
  );
  const [, second] = rig.harness("echo").prompts;
  assert.equal(second?.spec.resume, null);
  assert.doesNotMatch(second?.text ?? "", /earlier/);
  assert.ok(alerts.every((one) => one.startsWith("resolve")));
  assert.equal(lines.filter(({ event }) => event === "canary.answered").length, 2);
  assert.deepEqual(await rig.store.messages({ limit: 10 }), [], "not in the lists of people");
  assert.deepEqual(await rig.store.sessions(10), []);
});

/** A pool that never has a place. */
const waitInLine: Harness["open"] = (_spec, signal) =>
  new Promise((_resolve, reject) => {
    const failure: Failure = {
      class: "cancelled",
      code: "turn-interrupted",
      detail: "gave up the place in line",
    };
    signal.addEventListener("abort", () => reject(new HarnessFailed(failure)), { once: true });
  });

const STOPS: Readonly<
  Record<
    string,
    { readonly change?: Partial<CanaryDeps>; readonly set?: (rig: Rig) => void; readonly code?: string }
  >
> = {
  accepted: { change: { intake: refusing("store-full") }, code: "store-full" },
  claimed: {
    set: (rig) => void Object.assign(rig.store, { claim: () => Promise.reject(new TypeError("no claim")) }),
  },
  prompted: { set: (rig) => void Object.assign(rig.harness("echo"), { open: waitInLine }) },
  answered: { set: (rig) => void (rig.harness("echo").script = hang), code: "harness-deadline" },
  sent: { set: (rig) => rig.channel.status({ status: "failing" }) },
};

test("the step at which it stopped is named, for each step of the walk", async (t) => {
  const figures: string[] = [];
  for (const [step, { change, set, code }] of Object.entries(STOPS)) {
    await t.test(step, async (one) => {
      const { rig, failed, alerts } = await cage(one, {}, change);
      set?.(rig);
      const begun = rig.clock.monotonic();
      while (failed().length === 0 && rig.clock.monotonic() - begun < HOUR) await rig.run(SECOND);
      assert.deepEqual(failed(), [["main", step, code ?? null]]);
      assert.deepEqual(alerts, ["raise canary-failed agent/main"]);
      figures.push(`${step} after ${(rig.clock.monotonic() - begun) / SECOND} s`);
    });
  }
  t.diagnostic(`told where it stopped: ${figures.join(", ")}`);
});

test("never more than one in flight, however short the pause; what is late is taken out, and told once", async (t) => {
  const { rig, all, failed } = await cage(t, {
    agents: [{ canary: { every: SECOND }, turn: PATIENT }],
  });
  rig.harness("echo").script = hang;
  await rig.run(CANARY_WITHIN - 2 * SECOND);
  assert.deepEqual(
    (await all()).map(({ state }) => state),
    ["running"],
  );
  await rig.run(10 * SECOND);
  const now = await all();
  assert.equal(failed().length, 1);
  assert.deepEqual(
    now.map(({ state }) => state),
    ["running", "cancelled"],
  );
  t.diagnostic(
    `${now.length} canaries in ${CANARY_WITHIN / SECOND + 8} s with a pause of 1 s and a harness that hangs`,
  );
});

test("an answer that is stuck on its way out is not joined by another one", async (t) => {
  const { rig, all, failed, outcomes } = await cage(t, { agents: [{ canary: { every: MINUTE } }] });
  rig.channel.status({ status: "failing" });
  await rig.run(CANARY_WITHIN + 10 * MINUTE);
  assert.deepEqual(
    (await all()).map(({ state }) => state),
    ["answered"],
  );
  assert.deepEqual(failed(), [["main", "sent", null]]);
  rig.channel.status({ status: "connected" });
  await rig.run(5 * SECOND);
  assert.deepEqual(outcomes, ["failed", "answered"]);
});

test("a turn that fails for good is told at once with its code, and healed by the next one", async (t) => {
  const { rig, failed, alerts } = await cage(t);
  rig.harness("echo").script = failing({ class: "deadline" });
  await rig.run(2 * MINUTE);
  assert.deepEqual(failed(), [["main", "answered", "harness-failed"]]);
  rig.harness("echo").script = sayBack;
  await rig.run(HOUR);
  assert.deepEqual(alerts, ["raise canary-failed agent/main", "resolve canary-failed agent/main"]);
});

test("none while the agent is held; one that was on its way is taken out; one as soon as it heals", async (t) => {
  const { rig, all, failed, outcomes } = await cage(t, { agents: [{ canary: { every: MINUTE } }] });
  const login: Failure = { class: "structural", code: "harness-login", detail: "logged out" };
  const echo = rig.harness("echo");
  echo.script = (...args) => {
    echo.probes = login;
    return failing(login)(...args);
  };
  await rig.run(30 * MINUTE);
  assert.deepEqual(outcomes, ["held"]);
  assert.deepEqual(failed(), []);
  assert.equal((await all()).length, 1);
  echo.probes = null;
  echo.script = sayBack;
  await rig.run(MINUTE);
  assert.ok(outcomes.length >= 2 && outcomes.slice(1).every((one) => one === "answered"), outcomes.join());
  t.diagnostic(`1 canary in 30 min of outage, ${outcomes.length - 1} within a minute after it`);
});

test("a restart keeps the pause, and goes on with what is in flight", async (t) => {
  const first = await cage(t);
  await first.rig.run(10 * SECOND);
  const { disk, clock } = first.rig;
  const second = await cage(t, { disk, clock });
  await second.rig.run(30 * MINUTE);
  assert.equal((await second.all()).length, 1);
  second.rig.harness("echo").script = hang;
  await second.rig.run(31 * MINUTE);
  assert.deepEqual(
    (await second.all()).map(({ state }) => state),
    ["running", "done"],
  );
});

test("an agent without a canary, and a gateway without the web channel, send none", async (t) => {
  const plain = await cage(t, { agents: [{}] });
  await plain.rig.run(HOUR);
  assert.deepEqual(await plain.all(), []);
  const other = await cage(t, { channel: createScriptChannel("telegram") });
  await other.rig.run(HOUR);
  assert.deepEqual(await other.all(), []);
});

test("a gateway that is stopping sends none and blames nobody", async (t) => {
  const { rig, failed } = await cage(t, {}, { intake: refusing("draining") });
  await rig.run(MINUTE);
  assert.deepEqual(failed(), []);
});
