import type * as z from "zod";
import type { AlertRoutePlan } from "./alert-route.ts";
import type { ChannelAccount } from "./channel.ts";
import type { HarnessPlan } from "./harness.ts";
import type { Log } from "./log.ts";
import type { Section } from "./section.ts";

/** Code that is not built in, listed under `plugins` of the configuration. A module's default export. */
export interface Plugin {
  /** Lower case letters, digits and hyphens. Not the name of a built-in kind. */
  readonly id: string;
  /**
   * Registers what the plugin brings. Awaited, and over when it resolves: what comes later is refused. All plugins
   * share the deadline `gateway.boot.pluginDeadline`.
   */
  register(host: PluginHost): void | Promise<void>;
}

/** A plugin's way into the gateway: its own, and open only while its `register` runs. */
export interface PluginHost {
  /** The gateway's version. */
  readonly version: string;
  /** Lines of the gateway's log, under the plugin's id. */
  readonly log: Log;
  /**
   * Brings a kind of harness, used in a configuration like a built-in one.
   *
   * @throws RegistrationRefused for a name that is taken or malformed, and when the plugin's time is over
   */
  harness<Options>(
    kind: string,
    factory: (section: Section<Options>) => Made<HarnessPlan, "id" | "kind">,
    schema?: PluginSchema<Options>,
  ): void;
  /** Brings a kind of channel. @throws RegistrationRefused as for a harness */
  channel<Options>(
    kind: string,
    factory: (section: Section<Options>) => Made<ChannelAccount, "kind" | "account">,
    schema?: PluginSchema<Options>,
  ): void;
  /** Brings a kind of alert route. @throws RegistrationRefused as for a harness */
  alertRoute<Options>(
    kind: string,
    factory: (section: Section<Options>) => Made<AlertRoutePlan, "name">,
    schema?: PluginSchema<Options>,
  ): void;
}

/**
 * What a factory makes of its checked section: a plan without the names, which the gateway gives. Without an
 * `effectiveConfig` the section's options are taken for it.
 */
export type Made<Plan, Names extends keyof Plan> =
  | Planned<Omit<Plan, Names>>
  | Promise<Planned<Omit<Plan, Names>>>;

type Planned<Plan> = Plan extends { readonly effectiveConfig: string }
  ? Omit<Plan, "effectiveConfig"> & { readonly effectiveConfig?: string }
  : Plan;

/**
 * How the options of a section are checked: a function that builds a schema with the gateway's own Zod, or a schema of
 * any library that speaks Standard Schema (synchronously). Without one the section takes no options.
 */
export type PluginSchema<Options> = ((zod: typeof z) => z.ZodType<Options>) | StandardSchema<Options>;

/** The part of the Standard Schema interface that is used here. */
export interface StandardSchema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): StandardResult<Output> | Promise<StandardResult<Output>>;
  };
}

/** The checked value, or what is wrong with it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/** Thrown into a plugin that registers what it must not. The start has failed, or the line is in the log. */
export class RegistrationRefused extends Error {
  constructor(what: string) {
    super(what);
    this.name = "RegistrationRefused";
  }
}

/** Returns its argument, for its type. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
