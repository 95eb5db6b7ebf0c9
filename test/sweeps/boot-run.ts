// Plays one start on a clock of its own: the real phases, plugins, plans, roll call, probes and readiness, with the
// listening only written down.
import { createBoot } from "../../src/boot/boot.ts";
import { messageOf, RollcallError } from "../../src/core/errors.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { planDeclared } from "../../src/gateway/plugins.ts";
import type { Platform } from "../../src/gateway/platform.ts";
import { callRoll } from "../../src/gateway/roll.ts";
import { createAvailability } from "../../src/health/availability.ts";
import { computeReadiness } from "../../src/health/readiness.ts";
import type { Plugin, PluginHost } from "../../src/ports/plugin.ts";
import { noWatch } from "../../src/registry/load-watch.ts";
import { createPlugins } from "../../src/registry/plugins.ts";
import { createFakeClock, type FakeClock } from "../fakes/clock.ts";
import { keepLog, noMetrics, type LogLine } from "../fakes/quiet.ts";
import { sampleAgent, sampleConfig } from "../fakes/samples.ts";
import { createScriptHarness } from "../fakes/script-harness.ts";
import { fakeImporter } from "../registry/fake-importer.ts";
import type { PluginScene, Scene } from "./boot-scenario.ts";

/** What could be seen of a start from outside, with the time on its clock. */
export interface Sight {
  readonly at: number;
  readonly what: "sealed" | "listening" | "ready" | "holding" | "failed";
  readonly detail: string;
}

export interface Played {
  readonly sights: readonly Sight[];
  readonly lines: readonly LogLine[];
  /** Timers that the start left behind when it failed. */
  readonly pending: number;
}

/** How long nobody waits longer than: every phase must have ended by then. */
const PATIENCE = 5 * MINUTE;

export async function playBoot(scene: Scene): Promise<Played> {
  const clock = createFakeClock();
  const lines: LogLine[] = [];
  const sights: Sight[] = [];
  const see = (what: Sight["what"], detail = ""): void =>
    void sights.push({ at: clock.monotonic(), what, detail });
  const over = new AbortController();
  const started = boot(scene, clock, lines, see)
    .catch((error: unknown) =>
      see(
        "failed",
        error instanceof RollcallError
          ? `${error.code}: ${error.message}`
          : `no error of ours: ${messageOf(error)}`,
      ),
    )
    .finally(() => over.abort());
  for (let waited = 0; waited < PATIENCE && !over.signal.aborted; waited += SECOND)
    await clock.advance(SECOND);
  if (over.signal.aborted) await started;
  const pending = clock.pending - timersOfPlugins(clock);
  // What plugins do later meets a sealed registry.
  await clock.advance(MINUTE);
  return { sights, lines, pending };
}

async function boot(
  scene: Scene,
  clock: FakeClock,
  lines: LogLine[],
  see: (what: Sight["what"], detail?: string) => void,
) {
  const log = keepLog(lines);
  const phases = createBoot(clock, log);
  const { config, platform } = await phases.phase("config", SECOND, () => worldOf(scene, lines));
  await phases.phase("store", SECOND, () => undefined);
  const plugins = createPlugins({
    builtIns: { harnesses: { echo: async () => kindOf("echo", scene) }, channels: {}, alertRoutes: {} },
    importer: fakeImporter(
      Object.fromEntries(scene.plugins.map((one) => [one.name, () => moduleOf(one, scene, clock)])),
    ),
    watch: noWatch,
    clock,
    log,
    version: "1",
  });
  const plans = await phases.phase("plugins", 20 * SECOND, () =>
    planDeclared({
      config,
      baseDir: "/",
      secrets: platform.secrets,
      plugins,
      told: (line, fields) => log.fatal("plugin.failed", { ...fields, line }),
    }),
  );
  const roll = await phases.phase("seal", SECOND, () => {
    plans.seal();
    return callRoll(platform, config, plans);
  });
  see("sealed", [...roll.registry.current().harnesses.keys()].join(" "));
  await phases.phase("reap", SECOND, () => undefined);
  await phases.phase("listen", SECOND, () => see("listening"));
  await phases.phase("channels", SECOND, () => undefined);
  const random = { next: () => 0.5, secret: () => "", uuid: () => "" };
  const availability = createAvailability({
    roster: roll.registry,
    clock,
    random,
    log,
    metrics: noMetrics,
    probeDeadline: 15 * SECOND,
  });
  await phases.phase("probe", 20 * SECOND, () => availability.start());
  const agents = scene.agents.map(({ id }) => ({ id, candidates: availability.of(id) }));
  const facts = {
    draining: false,
    started: true,
    store: null,
    dispatchOpen: true,
    channels: [],
    now: clock.now(),
  };
  const { status } = computeReadiness({ ...facts, agents });
  see(status === "ready" ? "ready" : "holding", agents.map(({ id }) => id).join(" "));
  availability.stop();
}

function worldOf(scene: Scene, lines: LogLine[]) {
  const list = scene.agents.map(({ id, refs }) =>
    sampleAgent({ id, model: { primary: refs[0] ?? "", fallbacks: refs.slice(1) } }),
  );
  const [first = sampleAgent(), ...rest] = list;
  const base = sampleConfig();
  const config = sampleConfig({
    gateway: { ...base.gateway, boot: { ...base.gateway.boot, unregistered: scene.unregistered } },
    agents: { list: [first, ...rest] },
    plugins: scene.plugins.map(({ name }) => name),
  });
  const secrets = { resolve: async () => "", redact: (text: string) => text, guard: () => {} };
  const platform = {
    log: keepLog(lines),
    secrets,
    processes: {},
    env: {},
    stateDir: "/",
  } as unknown as Platform;
  return { config, platform };
}

function harnessOf(id: string, kind: string, scene: Scene) {
  const harness = createScriptHarness(id);
  if (scene.unwell.includes(kind))
    harness.probes = { class: "structural", code: "harness-login", detail: "not logged in" };
  return Object.assign(harness, { kind });
}

function kindOf(kind: string, scene: Scene) {
  return {
    kind,
    schema: () => Promise.reject(new TypeError("no options")),
    defaults: {},
    plan: async ({ id }: { readonly id: string }) => ({
      id,
      kind,
      effectiveConfig: "",
      create: () => harnessOf(id, kind, scene),
    }),
  };
}

/** Timers that plugins wait for, who may do so for ever. */
const waits = new WeakMap<FakeClock, Set<object>>();

function timersOfPlugins(clock: FakeClock): number {
  return waits.get(clock)?.size ?? 0;
}

function later(clock: FakeClock, span: number, run: () => void): void {
  const own = waits.get(clock) ?? new Set();
  waits.set(clock, own);
  const wait = {};
  own.add(wait);
  clock.timer(span, () => {
    own.delete(wait);
    run();
  });
}

function sleep(clock: FakeClock, span: number): Promise<void> {
  return new Promise((resolve) => later(clock, span, resolve));
}

const never = (): Promise<never> => new Promise(() => {});

async function moduleOf(one: PluginScene, scene: Scene, clock: FakeClock): Promise<unknown> {
  await sleep(clock, one.importTakes);
  switch (one.behaviour) {
    case "import throws":
      throw new TypeError("import fails");
    case "import never ends":
      return never();
    case "is no plugin":
      return { name: one.name };
    default:
      return {
        id: one.behaviour === "has a built-in's id" ? "echo" : one.name,
        register: (host) => registerOf(one, scene, clock, host),
      } satisfies Plugin;
  }
}

async function registerOf(one: PluginScene, scene: Scene, clock: FakeClock, host: PluginHost): Promise<void> {
  const bring = (kind: string): void =>
    host.harness(kind, ({ id }) => {
      if (one.factory === "throws") throw new TypeError("factory fails");
      if (one.factory === "never answers") return never();
      const as = one.factory === "answers under a foreign id" ? "echo-2" : id;
      return { create: () => harnessOf(as, kind, scene) };
    });
  const bringLater = (after: number): void =>
    later(clock, after, () => {
      try {
        bring("later");
      } catch (error) {
        if (messageOf(error) === "") throw error;
      }
    });
  if (one.behaviour !== "brings nothing") one.kinds.forEach(bring);
  if (one.behaviour === "registers twice") (one.kinds.length > 0 ? one.kinds : ["x", "x"]).forEach(bring);
  if (one.behaviour === "shadows a built-in kind") bring("echo");
  if (one.behaviour === "shadows it, and swallows the refusal") {
    try {
      bring("echo");
    } catch (error) {
      if (messageOf(error) === "") throw error;
    }
  }
  await sleep(clock, one.registerTakes);
  if (one.behaviour === "register throws") throw new TypeError("register fails");
  if (one.behaviour === "register never ends") await never();
  if (one.behaviour === "register ends too late") await sleep(clock, 6 * SECOND);
  if (one.behaviour === "registers after its end") bringLater(0);
  if (one.behaviour === "late register, after the seal") bringLater(30 * SECOND);
}
