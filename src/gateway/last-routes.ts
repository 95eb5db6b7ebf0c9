import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../core/config.ts";
import { codeOf } from "../core/errors.ts";
import type { RouteConfig } from "./alert-routes.ts";
import { writePrivate } from "./state-dir.ts";

/** Everything that alert routes are made of. Secrets are in it as the configuration has them: literals too. */
export interface LastRoutes {
  readonly config: RouteConfig & { readonly gateway: Pick<Config["gateway"], "proxy" | "ipFamily"> };
  readonly baseDir: string;
}

const FILE = "alerts.json";

/** Keeps what served, for a start that can't read its configuration. For this user alone. */
export function keepLastRoutes(stateDir: string, config: Config, baseDir: string): void {
  const { owners, alerts, channels, gateway } = config;
  const { ipFamily, proxy } = gateway;
  const kept: LastRoutes = {
    baseDir,
    config: {
      owners,
      channels,
      alerts: { routes: alerts.routes },
      gateway: { ipFamily, ...(proxy !== undefined && { proxy }) },
    },
  };
  const text = `${JSON.stringify(kept)}\n`;
  if (text !== read(stateDir)) writePrivate(join(stateDir, FILE), text);
}

/** What {@link keepLastRoutes} kept; null when there is nothing, or nothing that can be read. */
export function lastRoutes(stateDir: string): LastRoutes | null {
  const text = read(stateDir);
  if (text === null) return null;
  try {
    // Written by us, whole or not at all.
    return JSON.parse(text) as LastRoutes;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function read(stateDir: string): string | null {
  try {
    return readFileSync(join(stateDir, FILE), "utf8");
  } catch (error) {
    if (codeOf(error) !== undefined) return null;
    throw error;
  }
}
