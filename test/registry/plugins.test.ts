import assert from "node:assert/strict";
import { test } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import { SECOND } from "../../src/core/time.ts";
import { planDeclared } from "../../src/gateway/plugins.ts";
import type { AlertRoute } from "../../src/ports/alert-route.ts";
import type { Channel } from "../../src/ports/channel.ts";
import { RegistrationRefused, type Plugin, type PluginHost } from "../../src/ports/plugin.ts";
import { noWatch, type LoadWatch } from "../../src/registry/load-watch.ts";
import { faultLine } from "../../src/registry/plugin-fault.ts";
import { createPlugins, type Plugins } from "../../src/registry/plugins.ts";
import { createFakeClock, settle, type FakeClock } from "../fakes/clock.ts";
import { keepLog, type LogLine } from "../fakes/quiet.ts";
import { sampleAgent, sampleConfig } from "../fakes/samples.ts";
import { fakeImporter } from "./fake-importer.ts";

const EMPTY = {
  harnesses: { echo: () => Promise.reject(new TypeError("not loaded")) },
  channels: {},
  alertRoutes: {},
};
const plan = () => ({ create: () => Promise.reject(new TypeError("not opened")) as never });
const brings = (id: string, ...kinds: string[]): Plugin => ({
  id,
  register: (host) => kinds.forEach((kind) => host.harness(kind, plan)),
});

interface Bench {
  readonly clock: FakeClock;
  readonly lines: LogLine[];
  readonly plugins: Plugins;
}

function bench(modules: Readonly<Record<string, () => unknown>>, watch: LoadWatch = noWatch): Bench {
  const clock = createFakeClock();
  const lines: LogLine[] = [];
  const importer = fakeImporter(modules);
  const plugins = createPlugins({
    builtIns: EMPTY,
    importer,
    watch,
    clock,
    log: keepLog(lines),
    version: "1",
  });
  return { clock, lines, plugins };
}

const configOf = (...plugins: string[]) =>
  sampleConfig({ plugins, agents: { list: [sampleAgent({ model: { primary: "mine/x", fallbacks: [] } })] } });

async function gather({ plugins, clock }: Bench, span: number, ...list: string[]) {
  const gathering = plugins.gather(configOf(...list), "/");
  await settle();
  await clock.advance(span);
  return gathering;
}

test("what plugins bring stands beside what is built in, in order of the list", async () => {
  const b = bench({ two: () => brings("two", "parrot"), one: () => brings("one", "mine") });
  const gathered = await gather(b, 0, "two", "one");
  assert.deepEqual(gathered.faults(), []);
  assert.deepEqual(gathered.undone, []);
  const kinds = gathered.kinds();
  assert.deepEqual(kinds.harnesses, ["echo", "parrot", "mine"]);
  assert.deepEqual(
    kinds.plugins.map(({ id }) => id),
    ["two", "one"],
  );
  assert.ok(Object.isFrozen(kinds) && Object.isFrozen(kinds.harnesses) && Object.isFrozen(kinds.plugins));
  assert.equal((await kinds.harness("mine")?.())?.kind, "mine");
  assert.equal(kinds.harness("toString"), undefined);
  assert.equal(b.clock.pending, 0);
});

test("a plugin whose register() never ends is named at the deadline, to the millisecond", async (t) => {
  const b = bench({
    hang: () => ({ id: "hang", register: () => new Promise(() => {}) }),
    good: () => brings("good", "mine"),
  });
  const gathering = b.plugins.gather(configOf("hang", "good"), "/");
  let ended = false;
  void gathering.then(() => (ended = true));
  await b.clock.advance(5 * SECOND - 1);
  assert.equal(ended, false);
  await b.clock.advance(1);
  const faults = (await gathering).faults();
  assert.deepEqual(faults, [
    {
      plugin: "hang",
      what: "was too late: register() did not end within 5s, registered before that: nothing",
    },
  ]);
  t.diagnostic(`named after ${b.clock.monotonic()} ms, beside a plugin that did nothing wrong`);
});

test("what fails brings nothing: a part of it would be another gateway than the one that was declared", async () => {
  const half = {
    id: "half",
    register(host: PluginHost) {
      host.harness("mine", plan);
      throw new TypeError("in the middle");
    },
  };
  const gathered = await gather(bench({ half: () => half }), 0, "half");
  assert.deepEqual(gathered.kinds().harnesses, ["echo"]);
  const [fault] = gathered.faults();
  assert.ok(fault !== undefined);
  assert.equal(
    faultLine(fault, gathered.undone),
    '[gateway] CRITICAL: plugin "half" threw in register(): in the middle, registered before that: harness mine; left undone: harness "mine" (agent "main")',
  );
});

test("a refused registration throws in the plugin, and is a fault of it even when the plugin swallows that", async () => {
  let thrown: unknown;
  const shadow = {
    id: "shadow",
    register(host: PluginHost) {
      try {
        host.harness("echo", plan);
      } catch (error) {
        thrown = error;
      }
    },
  };
  const gathered = await gather(bench({ shadow: () => shadow }), 0, "shadow");
  assert.ok(thrown instanceof RegistrationRefused);
  assert.match(gathered.faults()[0]?.what ?? "", /^registered harness "echo" which is built in/);
});

test("after its end a plugin is refused: before the seal that fails the start, after it it is told and thrown back", async () => {
  let host: PluginHost | undefined;
  const keeps = {
    id: "keeps",
    register(given: PluginHost) {
      given.harness("mine", plan);
      host = given;
    },
  };
  const b = bench({ keeps: () => keeps });
  const gathered = await gather(b, 0, "keeps");
  assert.throws(() => host?.harness("late", plan), RegistrationRefused);
  assert.match(
    gathered.faults()[0]?.what ?? "",
    /^registered harness "late" after its register\(\) had ended/,
  );
  const kinds = gathered.kinds();
  gathered.seal();
  assert.throws(() => host?.channel("later", () => ({}) as never), RegistrationRefused);
  assert.throws(() => host?.alertRoute("latest", () => ({}) as never), RegistrationRefused);
  assert.equal(gathered.faults().length, 1);
  const told = b.lines.filter(({ event }) => event === "plugin.late");
  assert.deepEqual(
    told.map(({ level, fields }) => [level, fields["plugin"]]),
    [
      ["error", "keeps"],
      ["error", "keeps"],
    ],
  );
  assert.equal(kinds.harness("late"), undefined);
  assert.equal(kinds.channel("later"), undefined);
});

test("a module is imported once; the next gathering takes what it brought, or leaves it out", async () => {
  let imports = 0;
  const b = bench({
    one: () => {
      imports += 1;
      return brings("one", "mine");
    },
    two: () => brings("two", "parrot"),
  });
  await gather(b, 0, "one");
  const both = await gather(b, 0, "one", "two");
  assert.deepEqual(both.kinds().harnesses, ["echo", "mine", "parrot"]);
  const none = await gather(b, 0);
  assert.deepEqual(none.kinds().harnesses, ["echo"]);
  assert.deepEqual(
    none.undone.map(({ harness, agents }) => [harness, agents]),
    [["mine", ["main"]]],
  );
  assert.equal(imports, 1);
});

test("what was interrupted is the fault of who blocked; who got no time because of it is told so", async () => {
  const blocked = { owner: "block", where: "spin (block:1)", ms: 5000 };
  const never = (id: string) => () => ({ id, register: () => new Promise(() => {}) });
  const b = bench({ block: never("block"), idle: never("idle") }, { ...noWatch, blocked: () => blocked });
  const gathered = await gather(b, 5 * SECOND, "block", "idle");
  assert.equal(gathered.interrupted, true);
  assert.match(gathered.faults()[0]?.what ?? "", /^blocked the event loop for 5s at spin/);
  assert.match(
    gathered.faults()[1]?.what ?? "",
    /^got no time: .* while plugin "block" blocked the event loop/,
  );
});

test("the plugin that a stack leads to", async () => {
  const b = bench({ "a.ts": () => brings("a", "mine") });
  await gather(b, 0, "a.ts");
  assert.equal(b.plugins.ownerOf("TypeError: x\n    at f (file:///fake/a.ts:3:1)"), "a.ts");
  assert.equal(b.plugins.ownerOf("TypeError: x\n    at f (file:///fake/lib.ts:3:1)"), "a.ts");
  assert.equal(b.plugins.ownerOf("TypeError: x\n    at f (file:///other/a.ts:3:1)"), null);
});

test("who registers while others are planned fails the start, too", async () => {
  let host: PluginHost | undefined;
  const slow: Plugin = {
    id: "slow",
    register(given) {
      host = given;
      given.harness("mine", () => new Promise((resolve) => b.clock.timer(SECOND, () => resolve(plan()))));
    },
  };
  const b = bench({ slow: () => slow });
  const told: string[] = [];
  const secrets = { resolve: async () => "", redact: (text: string) => text, guard: () => {} };
  const base = configOf("slow");
  const planning = planDeclared({
    config: { ...base, channels: {} },
    baseDir: "/",
    secrets,
    plugins: b.plugins,
    told: (line) => void told.push(line),
  });
  await b.clock.advance(SECOND / 2);
  assert.throws(() => host?.harness("late", plan), RegistrationRefused);
  await b.clock.advance(SECOND);
  const plans = await planning;
  assert.throws(
    () => plans.seal(),
    (error) =>
      error instanceof RollcallError && error.code === "plugin-failed" && /"late"/.test(error.message),
  );
  assert.equal(told.length, 1);
});

test("channels and alert routes get their names from the gateway, and can't take others", async () => {
  const made = { kind: "pigeon", account: "post" };
  const brings: Plugin = {
    id: "birds",
    register(host) {
      const access = { direct: { policy: "open", allow: [] }, groups: {} } as const;
      host.channel("pigeon", () => ({ access, open: () => made as Channel }));
      host.alertRoute("crow", () => ({ over: null, open: () => ({ deadline: SECOND }) as AlertRoute }));
    },
  };
  const kinds = (await gather(bench({ birds: () => brings }), 0, "birds")).kinds();
  const section = (id: string) => ({ id, options: { a: 1 }, at: "x", baseDir: "/", secret: async () => "" });
  const pigeon = await kinds.channel("pigeon")?.();
  const post = await pigeon?.plan(section("post"));
  assert.deepEqual([post?.kind, post?.account, post?.effectiveConfig], ["pigeon", "post", '{"a":1}']);
  assert.equal(post?.open({} as never), made);
  const other = await pigeon?.plan(section("other"));
  assert.throws(
    () => other?.open({} as never),
    /plugin "birds" answers under a foreign id: asked for "other"/,
  );
  const crow = await (await kinds.alertRoute("crow")?.())?.plan(section("crow#2"));
  assert.deepEqual([crow?.name, crow?.over, crow?.open({} as never).deadline], ["crow#2", null, SECOND]);
});

test("a factory that never answers is its plugin's fault, and so is one that throws", async () => {
  const slow: Plugin = {
    id: "slow",
    register(host) {
      host.harness("mine", () => new Promise<never>(() => {}));
      host.harness("bad", () => {
        throw new TypeError("no");
      });
    },
  };
  const b = bench({ slow: () => slow });
  const kinds = (await gather(b, 0, "slow")).kinds();
  const section = { id: "mine", options: {}, at: "harnesses.mine", baseDir: "/", secret: async () => "" };
  const [mine, bad] = [await kinds.harness("mine")?.(), await kinds.harness("bad")?.()];
  assert.ok(mine !== undefined && bad !== undefined);
  const late = assert.rejects(mine.plan(section), (error) => {
    assert.ok(error instanceof RollcallError && error.code === "plugin-failed");
    assert.match(error.message, /plugin "slow" did not make mine for harnesses\.mine within 5000 ms/);
    return true;
  });
  await b.clock.advance(5 * SECOND);
  await late;
  await assert.rejects(bad.plan(section), /plugin "slow" failed in making bad for harnesses\.mine: no/);
  assert.equal(b.clock.pending, 0);
});
