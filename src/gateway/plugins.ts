import type { Duration } from "../core/time.ts";
import type { LoopWatch } from "../health/loop-watch.ts";
import { systemClock } from "../platform/clock.ts";
import { logFilePath } from "../platform/log.ts";
import type { Log, LogFields } from "../ports/log.ts";
import { gatherBuiltIns } from "../registry/gathered.ts";
import { faultLine, pluginsFailed, type PluginFault } from "../registry/plugin-fault.ts";
import type { Plugins } from "../registry/plugins.ts";
import { BUILT_INS } from "./catalog.ts";
import { planAll, type PlanInput, type Plans } from "./plan.ts";
import { version } from "./version.ts";

/** The plugins of this process, and the thread that sees what blocks its loop. Neither is loaded before it is needed. */
export interface PluginCode extends Plugins {
  /** Loads the rest, and lets the thread watch: after the start, which must not wait for it. */
  watch(): Promise<void>;
  stop(): Promise<void>;
}

interface PluginMachine {
  readonly log: Log;
  readonly pretty: boolean;
  readonly stateDir: string;
}

/**
 * @param serving whether turns may be running: then what blocks the loop is named and not interrupted, since that may
 *   cut off whatever else was about to run
 */
export function openPlugins({ log, pretty, stateDir }: PluginMachine, serving: () => boolean): PluginCode {
  let opened: Promise<{ readonly plugins: Plugins; readonly watch: LoopWatch }> | null = null;
  let known: Plugins | null = null;
  const open = async () => {
    const [{ createImporter }, { createPlugins }, { createLoopWatch }] = await Promise.all([
      import("../registry/importer.ts"),
      import("../registry/plugins.ts"),
      import("../health/loop-watch.ts"),
    ]);
    const watch = createLoopWatch({ log: log.child("watch"), pretty, logFile: logFilePath(stateDir) });
    const importer = createImporter(ownModule());
    const loading: LoopWatch["loading"] = (code, limit) => watch.loading(code, serving() ? NEVER : limit);
    const deps = {
      builtIns: BUILT_INS,
      importer,
      watch: { ...watch, loading },
      clock: systemClock,
      log: log.child("plugins"),
      version,
    };
    known = createPlugins(deps);
    return { plugins: known, watch };
  };
  const load = () => (opened ??= open());
  return {
    ownerOf: (stack) => known?.ownerOf(stack) ?? null,
    async gather(config, baseDir) {
      if (config.plugins.length === 0 && opened === null) return gatherBuiltIns(BUILT_INS);
      return (await load()).plugins.gather(config, baseDir);
    },
    watch: async () => (await load()).watch.start(),
    async stop() {
      if (opened !== null) await (await opened).watch.stop();
    },
  };
}

const NEVER: Duration = Number.MAX_SAFE_INTEGER;

/** What `rollcall/plugin` means: the same module from sources and from a build. */
function ownModule(): string {
  const source = new URL("../plugin.ts", import.meta.url).href;
  return import.meta.url.endsWith(".ts") ? source : source.replace(/\.ts$/, ".js");
}

/** What is planned, by whom, until it is sealed. */
export interface SealedPlans extends Plans {
  /**
   * From now on a plugin that registers is thrown back.
   *
   * @throws RollcallError `plugin-failed` when one did so after its time and before this
   */
  seal(): void;
}

export interface PlanDeclaredInput extends Omit<PlanInput, "kinds"> {
  readonly plugins: Pick<Plugins, "gather">;
  /** Told every line that must be read. */
  readonly told: (line: string, fields: LogFields) => void;
}

/**
 * Loads the listed plugins and plans everything that is declared with what they and the program bring.
 *
 * With `unregistered: "hold-agent"` a plugin that failed is told as loudly, and the agents that need it are held. Where
 * no agent needs it, or where it had to be interrupted, the start ends all the same: nothing that runs would show it.
 *
 * @throws RollcallError `plugin-failed` with every fault, and as `planAll`
 */
export async function planDeclared(input: PlanDeclaredInput): Promise<SealedPlans> {
  const { config, baseDir, plugins, told } = input;
  const gathered = await plugins.gather(config, baseDir);
  const { undone } = gathered;
  const holds = config.gateway.boot.unregistered === "hold-agent";
  const tell = (faults: readonly PluginFault[]): void => {
    for (const fault of faults) told(faultLine(fault, undone), { ...fault });
  };
  const faults = gathered.faults();
  tell(faults);
  const needed = undone.some(({ agents }) => agents.length > 0);
  if (faults.length > 0 && (!holds || !needed || gathered.interrupted)) throw pluginsFailed(faults, undone);
  const plans = await planAll({ ...input, kinds: gathered.kinds() });
  return {
    ...plans,
    seal() {
      const since = gathered.faults().slice(faults.length);
      gathered.seal();
      tell(since);
      if (since.length > 0 && !holds) throw pluginsFailed(since, undone);
    },
  };
}
