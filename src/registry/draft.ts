import type { AlertRouteKind } from "../ports/alert-route.ts";
import type { ChannelKind } from "../ports/channel.ts";
import type { HarnessKind } from "../ports/harness.ts";
import type { Part, Sort } from "./plugin-host.ts";

/** Built-in kinds by name, loaded when they are declared. */
export interface BuiltIns {
  readonly harnesses: Loaders<HarnessKind>;
  readonly channels: Loaders<ChannelKind>;
  readonly alertRoutes: Loaders<AlertRouteKind>;
}

type Loaders<Kind> = Readonly<Record<string, () => Promise<Kind>>>;

/** The sealed kinds of a generation: what a declared name can mean. Nothing of it changes any more. */
export interface Kinds {
  readonly harness: (kind: string) => (() => Promise<HarnessKind>) | undefined;
  readonly channel: (kind: string) => (() => Promise<ChannelKind>) | undefined;
  readonly alertRoute: (kind: string) => (() => Promise<AlertRouteKind>) | undefined;
  /** Names of all kinds of harness. */
  readonly harnesses: readonly string[];
  /** The plugins that brought something or could have, in order of the list. */
  readonly plugins: readonly Part[];
}

/** Kinds while they are collected: built-in ones first, then those of plugins in order of the list. */
export interface Draft {
  builtIn(sort: Sort, kind: string): boolean;
  /** Adds all that a plugin brought, or nothing of it: then it says why. */
  add(part: Part): string | null;
  /** Whether somebody brought this kind of harness. */
  has(harness: string): boolean;
  seal(): Kinds;
}

/** A draft that was sealed is not added to: a bug of ours, since plugins have their own way in. */
class DraftSealed extends Error {
  constructor(plugin: string) {
    super(`plugin "${plugin}" was added to a draft that is sealed`);
    this.name = "DraftSealed";
  }
}

export function createDraft(builtIns: BuiltIns): Draft {
  const parts: Part[] = [];
  let sealed = false;
  const loaders = {
    harness: builtIns.harnesses,
    channel: builtIns.channels,
    "alert route": builtIns.alertRoutes,
  };
  const ownerOf = (sort: Sort, kind: string): Part | undefined =>
    parts.find((part) => kindsOf(part)[sort].has(kind));
  return {
    builtIn: (sort, kind) => Object.hasOwn(loaders[sort], kind),
    has: (harness) => Object.hasOwn(builtIns.harnesses, harness) || ownerOf("harness", harness) !== undefined,
    add(part) {
      if (sealed) throw new DraftSealed(part.plugin);
      const namesake = parts.find(({ id }) => id === part.id);
      if (namesake !== undefined) return `has the id "${part.id}" of plugin "${namesake.plugin}"`;
      for (const sort of SORTS) {
        for (const kind of kindsOf(part)[sort].keys()) {
          const owner = ownerOf(sort, kind);
          if (owner !== undefined)
            return `registered ${sort} "${kind}", which is registered by plugin "${owner.plugin}"`;
        }
      }
      parts.push(part);
      return null;
    },
    seal() {
      sealed = true;
      return sealKinds(builtIns, Object.freeze([...parts]));
    },
  };
}

const SORTS = ["harness", "channel", "alert route"] as const satisfies readonly Sort[];

function kindsOf(part: Part) {
  return { harness: part.harnesses, channel: part.channels, "alert route": part.alertRoutes };
}

function sealKinds(builtIns: BuiltIns, plugins: readonly Part[]): Kinds {
  const harnesses = merge(builtIns.harnesses, plugins, (part) => part.harnesses);
  const channels = merge(builtIns.channels, plugins, (part) => part.channels);
  const alertRoutes = merge(builtIns.alertRoutes, plugins, (part) => part.alertRoutes);
  return Object.freeze({
    harness: (kind: string) => harnesses.get(kind),
    channel: (kind: string) => channels.get(kind),
    alertRoute: (kind: string) => alertRoutes.get(kind),
    harnesses: Object.freeze([...harnesses.keys()]),
    plugins,
  });
}

/** Copied, so that nobody who still holds a part can change what was sealed. */
function merge<Kind>(
  builtIn: Loaders<Kind>,
  plugins: readonly Part[],
  of: (part: Part) => ReadonlyMap<string, Kind>,
): ReadonlyMap<string, () => Promise<Kind>> {
  const brought = plugins.flatMap((part) => [...of(part)]);
  return new Map([
    ...Object.entries(builtIn),
    ...brought.map(([name, kind]) => [name, async () => kind] as const),
  ]);
}
