import type { Duration } from "../core/time.ts";
import type { AlertRouteKind } from "../ports/alert-route.ts";
import type { ChannelKind } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { HarnessKind } from "../ports/harness.ts";
import type { PluginHost, PluginSchema } from "../ports/plugin.ts";
import type { Section, SectionSchema } from "../ports/section.ts";
import { blame, pluginsFailed } from "./plugin-fault.ts";
import { sectionSchema } from "./plugin-schema.ts";

/** Where a kind comes from. */
export interface Origin {
  readonly plugin: string;
  readonly kind: string;
  readonly clock: Clock;
  /** How long a factory may take. */
  readonly deadline: Duration;
}

export type HarnessFactory = Parameters<PluginHost["harness"]>[1];
export type ChannelFactory = Parameters<PluginHost["channel"]>[1];
export type AlertRouteFactory = Parameters<PluginHost["alertRoute"]>[1];
type AnySchema = PluginSchema<unknown> | undefined;

/** A plugin's harness as a kind like any other: names are given, faults are the plugin's, and time is bounded. */
export function adaptHarness(origin: Origin, factory: HarnessFactory, schema: AnySchema): HarnessKind {
  const { kind } = origin;
  return {
    kind,
    schema: blamedSchema(origin, schema),
    async plan(section) {
      const made = await bounded(origin, section, factory);
      const effectiveConfig = made.effectiveConfig ?? JSON.stringify(section.options);
      return {
        id: section.id,
        kind,
        effectiveConfig,
        create(deps) {
          const harness = attempt(origin, () => made.create(deps));
          if (harness.id === section.id && harness.kind === kind) return harness;
          throw pluginsFailed(
            [{ plugin: origin.plugin, what: foreign(section.id, kind, harness.id, harness.kind) }],
            [],
          );
        },
      };
    },
  };
}

/** The same for a channel. */
export function adaptChannel(origin: Origin, factory: ChannelFactory, schema: AnySchema): ChannelKind {
  const { kind } = origin;
  return {
    kind,
    schema: blamedSchema(origin, schema),
    async plan(section) {
      const made = await bounded(origin, section, factory);
      return {
        kind,
        account: section.id,
        access: made.access,
        effectiveConfig: made.effectiveConfig ?? JSON.stringify(section.options),
        open(deps) {
          const channel = attempt(origin, () => made.open(deps));
          if (channel.kind === kind && channel.account === section.id) return channel;
          throw pluginsFailed(
            [{ plugin: origin.plugin, what: foreign(section.id, kind, channel.account, channel.kind) }],
            [],
          );
        },
      };
    },
  };
}

/** The same for an alert route. */
export function adaptAlertRoute(
  origin: Origin,
  factory: AlertRouteFactory,
  schema: AnySchema,
): AlertRouteKind {
  return {
    kind: origin.kind,
    schema: blamedSchema(origin, schema),
    async plan(section) {
      const made = await bounded(origin, section, factory);
      return {
        name: section.id,
        over: made.over,
        open: (deps) => attempt(origin, () => made.open(deps)),
      };
    },
  };
}

function foreign(id: string, kind: string, itsId: string, itsKind: string): string {
  return `answers under a foreign id: asked for "${id}" of kind "${kind}", it made "${itsId}" of kind "${itsKind}"`;
}

function blamedSchema(origin: Origin, schema: AnySchema): SectionSchema<unknown> {
  const load = sectionSchema(schema);
  return () =>
    load().catch((error: unknown) => {
      throw blame(origin.plugin, `the schema of ${origin.kind}`, error);
    });
}

function attempt<Made>({ plugin, kind }: Origin, run: () => Made): Made {
  try {
    return run();
  } catch (error) {
    throw blame(plugin, `opening ${kind}`, error);
  }
}

async function bounded<Made>(
  { plugin, kind, clock, deadline }: Origin,
  section: Section<unknown>,
  factory: (section: Section<unknown>) => Made | Promise<Made>,
): Promise<Made> {
  const late = Promise.withResolvers<never>();
  const what = `did not make ${kind} for ${section.at} within ${deadline} ms`;
  const cancel = clock.timer(deadline, () => late.reject(pluginsFailed([{ plugin, what }], [])));
  try {
    return await Promise.race([(async () => factory(section))(), late.promise]);
  } catch (error) {
    throw blame(plugin, `making ${kind} for ${section.at}`, error);
  } finally {
    cancel();
  }
}
