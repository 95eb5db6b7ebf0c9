// Judges a start by what was set up and what was seen, without looking at how the gateway decides. It shares no code
// with it: the rules are written down here a second time, from the promise.
import type { Played, Sight } from "./boot-run.ts";
import type { PluginScene, Scene } from "./boot-scenario.ts";

const DEADLINE = 5000;
const BUILT_IN = ["echo"];

/** What the promise says of a scene. */
export interface Truth {
  /** Plugins that do wrong while plugins load, or bring what is brought already. */
  readonly wrong: readonly string[];
  /** Declared kinds that no plugin without a fault brings, and that aren't built in. */
  readonly missing: readonly string[];
  /** Whether a factory of a declared kind fails. */
  readonly unmade: boolean;
}

export function truthOf(scene: Scene): Truth {
  const wrong: string[] = [];
  const brought = new Map<string, PluginScene>();
  for (const one of scene.plugins) {
    const clash = bringsOf(one).some((kind) => brought.has(kind));
    if (doesWrong(one, scene) || clash) wrong.push(one.name);
    else for (const kind of bringsOf(one)) brought.set(kind, one);
  }
  const declared = [
    ...new Set(scene.agents.flatMap(({ refs }) => refs.map((ref) => ref.slice(0, ref.indexOf("/"))))),
  ];
  const missing = declared.filter((kind) => !BUILT_IN.includes(kind) && !brought.has(kind));
  const unmade = declared.some((kind) => (brought.get(kind)?.factory ?? "makes") !== "makes");
  return { wrong, missing, unmade };
}

function bringsOf({ behaviour, kinds }: PluginScene): readonly string[] {
  return behaviour === "brings nothing" ? [] : kinds;
}

function doesWrong(one: PluginScene, scene: Scene): boolean {
  if (one.importTakes + one.registerTakes >= DEADLINE) return true;
  switch (one.behaviour) {
    case "good":
    case "brings nothing":
    case "late register, after the seal":
      return false;
    case "registers after its end":
      // Wrong when it was done before the seal, which waits for the slowest.
      return scene.plugins.some((other) => other !== one && endOf(other) > endOf(one));
    default:
      return true;
  }
}

function endOf({ behaviour, importTakes, registerTakes }: PluginScene): number {
  switch (behaviour) {
    case "import throws":
    case "is no plugin":
    case "has a built-in's id":
    case "shadows a built-in kind":
    case "registers twice":
      return importTakes;
    case "import never ends":
    case "register never ends":
    case "register ends too late":
      return DEADLINE;
    default:
      return Math.min(DEADLINE, importTakes + registerTakes);
  }
}

/** Everything that must not have happened and did, one line each. */
export function faultsOf(scene: Scene, { sights, lines, pending }: Played): readonly string[] {
  const truth = truthOf(scene);
  const faults: string[] = [];
  const must = (holds: boolean, what: string): void => void (holds || faults.push(what));
  const first = (what: Sight["what"]): number => sights.findIndex((sight) => sight.what === what);
  const [sealed, listening, ready, failed] = [
    first("sealed"),
    first("listening"),
    first("ready"),
    first("failed"),
  ];
  const holds = scene.unregistered === "hold-agent";
  const clean = truth.wrong.length === 0 && truth.missing.length === 0 && !truth.unmade;

  must(listening === -1 || (sealed !== -1 && sealed < listening), "it listened before the seal");
  must(ready === -1 || listening !== -1, "it was ready and didn't listen");
  must(listening === -1 || !truth.unmade, "it listened without a harness that is declared and brought");
  must(
    listening === -1 || holds || clean,
    "it listened, and something that is declared or listed was not there",
  );
  must(
    listening === -1 || truth.wrong.length === 0 || truth.missing.length > 0,
    "it listened without a listed plugin that nobody misses",
  );
  must(!clean || ready !== -1 || holdsForProbes(scene), "nothing was wrong, and it didn't become ready");
  must(ready === -1 || !unserved(scene, truth), "false ready: an agent has nobody who could serve it");
  must(failed === -1 || listening === -1, "it failed after it had listened");
  must(failed !== -1 || listening !== -1, "it neither failed nor listened");
  must(failed === -1 || pending === 0, `a failed start left ${pending} timers`);
  must(failed === -1 || (sights[failed]?.at ?? 0) <= 2 * DEADLINE, "it took too long to fail");
  const text =
    sights.map(({ detail }) => detail).join("\n") + JSON.stringify(lines.map(({ fields }) => fields));
  for (const name of truth.wrong) must(text.includes(name), `${name} did wrong and was not named`);
  if (failed !== -1)
    must(
      /^(?:plugin-failed|harness-unregistered): /.test(sights[failed]?.detail ?? ""),
      `failed for another reason: ${sights[failed]?.detail}`,
    );
  must(lateSeen(scene, lines) || listening === -1, "a registration after the seal was not told");
  return faults;
}

/** Whether an agent has no candidate that is there and can prove itself. */
function unserved(scene: Scene, truth: Truth): boolean {
  return scene.agents.some(({ refs }) =>
    refs.every((ref) => {
      const kind = ref.slice(0, ref.indexOf("/"));
      return truth.missing.includes(kind) || scene.unwell.includes(kind);
    }),
  );
}

function holdsForProbes(scene: Scene): boolean {
  return scene.agents.some(({ refs }) =>
    refs.every((ref) => scene.unwell.includes(ref.slice(0, ref.indexOf("/")))),
  );
}

function lateSeen(scene: Scene, lines: Played["lines"]): boolean {
  const late = scene.plugins.filter(
    (one) => one.behaviour === "late register, after the seal" && !doesWrong(one, scene),
  );
  return late.every(({ name }) =>
    lines.some(({ event, fields }) => event === "plugin.late" && fields["plugin"] === name),
  );
}
