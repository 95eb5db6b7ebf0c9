import { messageOf } from "../core/errors.ts";
import { formatDuration, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Plugin } from "../ports/plugin.ts";
import type { Importer } from "./importer.ts";
import type { Blocked } from "./load-watch.ts";
import { oneLine } from "./plugin-fault.ts";
import { contentsOf, createHost, isName, type HostInput, type OpenHost, type Part } from "./plugin-host.ts";

export interface LoadInput {
  /** As it stands in the configuration. */
  readonly plugin: string;
  readonly place: string;
  readonly deadline: Duration;
  readonly importer: Importer;
  readonly builtIn: HostInput["builtIn"];
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}

/** One plugin on its way from its import to the end of its `register`. */
export interface Loading {
  /** Resolves when it has come to its end, or its time is over. Never rejects. */
  readonly ended: Promise<void>;
  /** What it brought; null before its good end. */
  part(): Part | null;
  /**
   * What it did wrong until now.
   *
   * @param blocked what was interrupted, which may be the reason why others got no time
   */
  faults(blocked?: Blocked | null): readonly string[];
  /** From now on its registrations are thrown back and told, and change nothing. */
  seal(late: (what: string) => void): void;
}

interface State {
  doing: "import" | "register";
  end: "none" | "well" | "late" | "failed";
  host: OpenHost | null;
  readonly faults: string[];
  late: ((what: string) => void) | null;
}

/** Begins to load a plugin. What it does after its time is over is refused. */
export function loadPlugin(input: LoadInput): Loading {
  const state: State = { doing: "import", end: "none", host: null, faults: [], late: null };
  return {
    ended: runOut(input, state),
    part: () => (state.end === "well" ? (state.host?.part ?? null) : null),
    faults: (blocked = null) => [...lateFaults(input, state, blocked), ...state.faults],
    seal: (late) => void (state.late = late),
  };
}

async function runOut(input: LoadInput, state: State): Promise<void> {
  const over = Promise.withResolvers<void>();
  const cancel = input.clock.timer(input.deadline, () => {
    state.end = "late";
    state.host?.close("after its time was over");
    over.resolve();
  });
  try {
    await Promise.race([run(input, state), over.promise]);
    if (state.end !== "none") return;
    state.end = "well";
    state.host?.close("after its register() had ended");
  } catch (error) {
    // What it says after its time was over changes nothing.
    if (state.end !== "none") return;
    state.end = "failed";
    state.host?.close("after its register() had failed");
    // A refused registration that it didn't catch is told already.
    if (state.faults.length === 0) state.faults.push(failure(state, error));
  } finally {
    cancel();
  }
}

async function run(input: LoadInput, state: State): Promise<void> {
  const plugin = pluginIn(await input.importer.load(input.place));
  const { id } = plugin;
  if (!isName(id)) throw new NotAPlugin("has an id that is not lower case letters, digits and hyphens");
  const shadows = (["harness", "channel", "alert route"] as const).find((sort) => input.builtIn(sort, id));
  if (shadows !== undefined) throw new NotAPlugin(`has the id "${id}", which is a built-in ${shadows}`);
  if (state.end !== "none") return;
  const host = createHost({ ...input, id, refused: (what) => refused(state, what) });
  state.host = host;
  state.doing = "register";
  await plugin.register(host.host);
}

function refused(state: State, what: string): void {
  if (state.late === null) state.faults.push(what);
  else state.late(what);
}

class NotAPlugin extends Error {}

function pluginIn(module: unknown): Plugin {
  const plugin: unknown =
    typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  if (
    typeof plugin === "object" &&
    plugin !== null &&
    "id" in plugin &&
    "register" in plugin &&
    typeof plugin.register === "function"
  ) {
    return plugin as Plugin;
  }
  throw new NotAPlugin("has no default export { id, register(host) }");
}

function failure(state: State, error: unknown): string {
  if (error instanceof NotAPlugin) return error.message;
  const said = oneLine(messageOf(error));
  return state.doing === "import"
    ? `can't be imported: ${said}`
    : `threw in register(): ${said}${brought(state)}`;
}

function lateFaults(
  { plugin, deadline }: LoadInput,
  state: State,
  blocked: Blocked | null,
): readonly string[] {
  if (state.end !== "late") return [];
  const doing = state.doing === "import" ? "its import" : "register()";
  const within = `${doing} did not end within ${formatDuration(deadline)}${brought(state)}`;
  if (blocked === null) return [`was too late: ${within}`];
  if (blocked.owner !== null && blocked.owner !== plugin)
    return [`got no time: ${within}, while plugin "${blocked.owner}" blocked the event loop`];
  return [
    `blocked the event loop for ${formatDuration(Math.round(blocked.ms))} at ${blocked.where}: ${within}`,
  ];
}

function brought({ host }: State): string {
  const contents = host === null ? [] : contentsOf(host.part);
  return `, registered before that: ${contents.length === 0 ? "nothing" : contents.join(", ")}`;
}
