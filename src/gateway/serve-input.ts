import type { Boot } from "../boot/boot.ts";
import type { StartOptions } from "./options.ts";
import type { Plans } from "./plan.ts";
import type { Platform } from "./platform.ts";
import type { PluginCode } from "./plugins.ts";
import type { Roll } from "./roll.ts";
import type { SettledConfig } from "./settle-config.ts";
import type { Stage } from "./status.ts";
import type { OpenedStore } from "./store.ts";
import type { GatewaySupervision } from "./supervision.ts";

/** What the earlier phases of a start have made. */
export interface ServeInput {
  readonly options: StartOptions;
  readonly platform: Platform;
  readonly settled: SettledConfig;
  readonly opened: OpenedStore;
  readonly plans: Plans;
  readonly plugins: PluginCode;
  readonly roll: Roll;
  readonly stage: Stage;
  readonly boot: Boot;
  readonly supervision: GatewaySupervision;
}
