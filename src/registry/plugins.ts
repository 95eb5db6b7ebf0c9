import type { Config } from "../core/config.ts";
import type { Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { declaredHarnesses } from "./build.ts";
import { createDraft, type BuiltIns, type Draft } from "./draft.ts";
import type { Gathered } from "./gathered.ts";
import type { Importer } from "./importer.ts";
import { loadPlugin, type Loading } from "./load-plugin.ts";
import type { LoadWatch, Owner } from "./load-watch.ts";
import { faultLine, oneLine, type PluginFault } from "./plugin-fault.ts";

export interface PluginsDeps {
  readonly builtIns: BuiltIns;
  readonly importer: Importer;
  readonly watch: LoadWatch;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}

/** The plugins of this process. A module is imported once: changed code of a plugin needs a restart. */
export interface Plugins {
  /**
   * Loads what the configuration lists and isn't loaded yet, all of them side by side under one deadline, and puts what
   * they brought beside the built-in kinds, in order of the list. Never rejects for what a plugin does.
   */
  gather(config: Config, baseDir: string): Promise<Gathered>;
  /** The loaded plugin that a stack trace leads to, as listed; null when there is none. */
  ownerOf(stack: string): string | null;
}

/** One listed plugin of one gathering. */
interface Listed {
  readonly plugin: string;
  readonly place: string | null;
  readonly fault: string | null;
}

export function createPlugins(deps: PluginsDeps): Plugins {
  const known = new Map<string, Loading>();
  const places = new Map<string, string>();
  return {
    async gather(config, baseDir) {
      const draft = createDraft(deps.builtIns);
      const listed = locateAll(deps.importer, config.plugins, baseDir);
      for (const { plugin, place } of listed) if (place !== null) places.set(plugin, place);
      const begun = beginAll(deps, draft, listed, known, config.gateway.boot.pluginDeadline);
      await Promise.all(begun.flatMap((loading) => loading?.ended ?? []));
      deps.watch.loaded();
      return gathered(deps, config, draft, listed, begun);
    },
    ownerOf: (stack) => ownerIn(deps.importer, places, stack),
  };
}

/** Every entry of the list, with what it means or why it means nothing. */
function locateAll(importer: Importer, list: readonly string[], baseDir: string): readonly Listed[] {
  const places = new Map<string, string>();
  return list.map((plugin) => {
    try {
      const place = importer.locate(plugin, baseDir);
      const before = places.get(place);
      if (before !== undefined)
        return { plugin, place: null, fault: before === plugin ? "is listed twice" : `is "${before}" again` };
      places.set(place, plugin);
      return { plugin, place, fault: null };
    } catch (error) {
      return { plugin, place: null, fault: `can't be found: ${oneLine(String(error))}` };
    }
  });
}

function beginAll(
  deps: PluginsDeps,
  draft: Draft,
  listed: readonly Listed[],
  known: Map<string, Loading>,
  deadline: Duration,
): readonly (Loading | null)[] {
  const fresh = listed.filter(({ place }) => place !== null && !known.has(place));
  if (fresh.length > 0) deps.watch.loading(ownersOf(deps.importer, fresh), deadline);
  return listed.map(({ plugin, place }) => {
    if (place === null) return null;
    const builtIn: Draft["builtIn"] = (sort, kind) => draft.builtIn(sort, kind);
    const loading = known.get(place) ?? loadPlugin({ ...deps, plugin, place, deadline, builtIn });
    // What failed is tried again by the next gathering, where the runtime allows it.
    known.set(place, loading);
    void loading.ended.then(() => loading.part() === null && known.delete(place));
    return loading;
  });
}

function ownersOf(importer: Importer, fresh: readonly Listed[]): readonly Owner[] {
  return fresh.map(({ plugin, place }) => ({ name: plugin, file: importer.fileOf(place ?? "") ?? plugin }));
}

function gathered(
  { watch, log }: PluginsDeps,
  config: Config,
  draft: Draft,
  listed: readonly Listed[],
  begun: readonly (Loading | null)[],
): Gathered {
  const blocked = watch.blocked();
  const own = listed.map(({ plugin, fault }, index) => {
    if (fault !== null) return [fault];
    const loading = begun[index];
    const part = loading?.part() ?? null;
    if (part !== null && blocked?.owner === plugin) return [`blocked the event loop at ${blocked.where}`];
    const refused = part === null || (loading?.faults().length ?? 0) > 0 ? null : draft.add(part);
    return refused === null ? [] : [refused];
  });
  const faults = (): readonly PluginFault[] =>
    listed.flatMap(({ plugin }, index) =>
      [...(own[index] ?? []), ...(begun[index]?.faults(blocked) ?? [])].map((what) => ({ plugin, what })),
    );
  const undone = declaredHarnesses(config)
    .filter(({ kind }) => !draft.has(kind))
    .map(({ id, kind, agents }) => ({ harness: id, kind, agents }));
  return {
    faults,
    undone,
    interrupted: blocked !== null,
    kinds: () => draft.seal(),
    seal() {
      for (const [index, loading] of begun.entries()) {
        loading?.seal((what) => {
          const fault = { plugin: listed[index]?.plugin ?? "", what: `${what} after the seal` };
          log.error("plugin.late", { plugin: fault.plugin }, faultLine(fault, []));
        });
      }
    },
  };
}

/** The plugin whose own file is named, else the one whose folder is. */
function ownerIn(importer: Importer, places: ReadonlyMap<string, string>, stack: string): string | null {
  const files = [...places].flatMap(([plugin, place]) => {
    const file = importer.fileOf(place);
    return file === undefined ? [] : [{ plugin, file, folder: file.slice(0, file.lastIndexOf("/") + 1) }];
  });
  const own =
    files.find(({ file }) => stack.includes(file)) ?? files.find(({ folder }) => stack.includes(folder));
  return own?.plugin ?? null;
}
