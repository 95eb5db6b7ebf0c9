// Plays a start on the real program: the same scene as plugin files, five times as fast, with a witness at the port.
import { rmSync } from "node:fs";
import type { TestContext } from "node:test";
import { failedStart, pluginHome } from "../registry/plugin-home.ts";
import type { Played, Sight } from "./boot-run.ts";
import type { PluginScene, Scene } from "./boot-scenario.ts";

const FASTER = 5;
const BOOT = { pluginDeadline: "1s", probeDeadline: "3s" };

export interface PlayedProgram extends Played {
  readonly code: number | null;
  /** How often the witness saw the port open although the start had to fail. */
  readonly answered: number;
  readonly ms: number;
  /** What it said on its standard error, at the end. */
  readonly said: string;
}

/** Whether real time can't blur what the scene means. */
export function playable({ plugins }: Scene): boolean {
  const apart = (span: number): boolean => Math.abs(span - 5000) > 1500;
  return plugins.every(
    ({ importTakes, registerTakes, behaviour }) =>
      apart(importTakes + registerTakes) && behaviour !== "registers after its end",
  );
}

/** @param drained ends the gateway when it has come up */
export async function playProgram(given: Scene): Promise<PlayedProgram> {
  const scene = { ...given, plugins: given.plugins.map(inRealTime) };
  const ends: (() => void)[] = [];
  const context = { after: (end: () => void) => void ends.push(end) } as unknown as TestContext;
  const files = Object.fromEntries(scene.plugins.map((one) => [`${one.name}.mjs`, textOf(one, scene)]));
  const home = pluginHome(context, files);
  home.configure({
    gateway: { boot: { ...BOOT, unregistered: scene.unregistered } },
    agents: {
      list: scene.agents.map(({ id, refs: [primary, ...fallbacks] }) => ({
        id,
        model: { primary, fallbacks },
      })),
    },
    plugins: Object.keys(files).map((file) => `./plugins/${file}`),
  });
  try {
    const { code, ms, lines, stderr, answered } = await failedStart(context, home, [
      "gateway.ready",
      "gateway.holding",
    ]);
    const sights = lines.flatMap(({ event }): Sight[] => {
      const what = SIGHTS[event];
      return what === undefined ? [] : [{ at: 0, what, detail: "" }];
    });
    if (code !== 0) sights.push({ at: 0, what: "failed", detail: failureOf(stderr) });
    const listened = sights.some(({ what }) => what === "listening");
    const kept = lines.map(({ level, event, ...fields }) => ({ level, event, fields }));
    return {
      sights,
      lines: kept,
      pending: 0,
      code,
      ms,
      said: stderr.slice(-500),
      answered: listened ? 0 : answered,
    };
  } finally {
    for (const end of ends) end();
    rmSync(home.dir, { recursive: true, force: true });
  }
}

const SIGHTS: Readonly<Record<string, Sight["what"] | undefined>> = {
  "registry.sealed": "sealed",
  "gateway.listening": "listening",
  "gateway.ready": "ready",
  "gateway.holding": "holding",
};

function failureOf(stderr: string): string {
  const code =
    /is not registered \(/.test(stderr) && !/CRITICAL: plugin/.test(stderr)
      ? "harness-unregistered"
      : "plugin-failed";
  return `${code}: ${stderr}`;
}

/** What happens half a minute later isn't waited for. */
function inRealTime(one: PluginScene): PluginScene {
  const behaviour = one.behaviour === "late register, after the seal" ? "good" : one.behaviour;
  return {
    ...one,
    behaviour,
    importTakes: one.importTakes / FASTER,
    registerTakes: one.registerTakes / FASTER,
  };
}

function textOf(one: PluginScene, { unwell }: Scene): string {
  return `
const one = ${JSON.stringify(one)};
const unwell = ${JSON.stringify(unwell)};
const sleep = (span) => new Promise((resolve) => setTimeout(resolve, span));
const never = () => new Promise(() => {});
const probe = (kind) => async (model, level) =>
  unwell.includes(kind)
    ? { ok: false, level, failure: { class: "structural", code: "harness-login", detail: "not logged in" } }
    : { ok: true, level };
const harness = (id, kind) => ({
  id, kind, credential: id, resumes: false, probe: probe(kind),
  open: () => Promise.reject(new TypeError("not asked")),
  load: () => ({ running: 0, idle: 0, waiting: 0, max: 1 }),
  close: async () => {},
});
const bring = (host, kind) => host.harness(kind, ({ id }) => {
  if (one.factory === "throws") throw new TypeError("factory fails");
  if (one.factory === "never answers") return never();
  const as = one.factory === "answers under a foreign id" ? "echo-2" : id;
  return { create: () => harness(as, kind) };
});
await sleep(one.importTakes);
if (one.behaviour === "import throws") throw new TypeError("import fails");
if (one.behaviour === "import never ends") await never();
async function register(host) {
  if (one.behaviour !== "brings nothing") for (const kind of one.kinds) bring(host, kind);
  if (one.behaviour === "registers twice") for (const kind of one.kinds.length > 0 ? one.kinds : ["x", "x"]) bring(host, kind);
  if (one.behaviour === "shadows a built-in kind") bring(host, "echo");
  if (one.behaviour === "shadows it, and swallows the refusal") try { bring(host, "echo"); } catch {}
  await sleep(one.registerTakes);
  if (one.behaviour === "register throws") throw new TypeError("register fails");
  if (one.behaviour === "register never ends") await never();
  if (one.behaviour === "register ends too late") await sleep(1500);
}
const id = one.behaviour === "has a built-in's id" ? "echo" : one.name;
export default one.behaviour === "is no plugin" ? { name: one.name } : { id, register };
`;
}
