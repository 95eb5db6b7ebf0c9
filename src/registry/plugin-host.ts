import type { Duration } from "../core/time.ts";
import type { AlertRouteKind } from "../ports/alert-route.ts";
import type { ChannelKind } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { HarnessKind } from "../ports/harness.ts";
import type { Log } from "../ports/log.ts";
import { RegistrationRefused, type PluginHost } from "../ports/plugin.ts";
import {
  adaptAlertRoute,
  adaptChannel,
  adaptHarness,
  type AlertRouteFactory,
  type ChannelFactory,
  type HarnessFactory,
  type Origin,
} from "./plugin-kinds.ts";

/** What kinds there are. */
export type Sort = "harness" | "channel" | "alert route";

/** Everything that one plugin brought. It counts as a whole or not at all. */
export interface Part {
  /** The plugin, as it stands in the configuration. */
  readonly plugin: string;
  readonly id: string;
  readonly harnesses: ReadonlyMap<string, HarnessKind>;
  readonly channels: ReadonlyMap<string, ChannelKind>;
  readonly alertRoutes: ReadonlyMap<string, AlertRouteKind>;
}

export interface HostInput {
  readonly plugin: string;
  readonly id: string;
  readonly version: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly deadline: Duration;
  /** Whether a name is that of a built-in kind of this sort. */
  readonly builtIn: (sort: Sort, kind: string) => boolean;
  /** Told of every registration that was refused. */
  readonly refused: (what: string) => void;
}

export interface OpenHost {
  readonly host: PluginHost;
  readonly part: Part;
  /** From now on every registration is refused. */
  close(why: string): void;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Whether a plugin's id or a kind's name is well formed. */
export function isName(name: unknown): name is string {
  return typeof name === "string" && NAME.test(name);
}

/** Opens a plugin's way into a draft. It keeps what is registered apart until the plugin has come to its end. */
export function createHost(input: HostInput): OpenHost {
  const harnesses = new Map<string, HarnessKind>();
  const channels = new Map<string, ChannelKind>();
  const alertRoutes = new Map<string, AlertRouteKind>();
  let closed: string | null = null;

  const take = <Kind>(
    sort: Sort,
    known: Map<string, Kind>,
    name: unknown,
    make: (origin: Origin) => Kind,
  ) => {
    const kind = isName(name) ? name : "";
    const fault =
      closed ??
      (kind === ""
        ? "under a name that is not lower case letters, digits and hyphens"
        : input.builtIn(sort, kind)
          ? `which is built in and can't be replaced`
          : known.has(kind)
            ? "twice"
            : null);
    if (fault !== null) {
      const what = `registered ${sort} ${JSON.stringify(String(name).slice(0, 64))} ${fault}`;
      input.refused(what);
      throw new RegistrationRefused(what);
    }
    known.set(kind, make({ plugin: input.plugin, kind, clock: input.clock, deadline: input.deadline }));
  };

  return {
    part: { plugin: input.plugin, id: input.id, harnesses, channels, alertRoutes },
    close: (why) => void (closed = why),
    host: Object.freeze<PluginHost>({
      version: input.version,
      log: input.log.child(input.id),
      harness: (kind, factory, schema) =>
        take("harness", harnesses, kind, (origin) => adaptHarness(origin, factory as HarnessFactory, schema)),
      channel: (kind, factory, schema) =>
        take("channel", channels, kind, (origin) => adaptChannel(origin, factory as ChannelFactory, schema)),
      alertRoute: (kind, factory, schema) =>
        take("alert route", alertRoutes, kind, (origin) =>
          adaptAlertRoute(origin, factory as AlertRouteFactory, schema),
        ),
    }),
  };
}

/** For people: what a plugin has registered. */
export function contentsOf({ harnesses, channels, alertRoutes }: Part): readonly string[] {
  return [
    ...[...harnesses.keys()].map((kind) => `harness ${kind}`),
    ...[...channels.keys()].map((kind) => `channel ${kind}`),
    ...[...alertRoutes.keys()].map((kind) => `alert route ${kind}`),
  ];
}
