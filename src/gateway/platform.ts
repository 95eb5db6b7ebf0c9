import { join } from "node:path";
import { createIds, type Ids } from "../core/ids.ts";
import type { Instant } from "../core/time.ts";
import { locateConfig, locateState } from "../config/locate.ts";
import { systemClock } from "../platform/clock.ts";
import { createLog } from "../platform/log.ts";
import { createProcesses } from "../platform/processes.ts";
import { systemRandom } from "../platform/random.ts";
import { createSecrets } from "../platform/secrets.ts";
import type { Log } from "../ports/log.ts";
import type { Processes } from "../ports/process.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { StartOptions } from "./gateway.ts";

/** The machine, as the gateway sees it: what every phase of a start works with. */
export interface Platform {
  readonly stateDir: string;
  readonly configPath: string | null;
  readonly env: NodeJS.ProcessEnv;
  readonly pretty: boolean;
  readonly log: Log;
  readonly secrets: Secrets;
  readonly processes: Processes;
  readonly ids: Ids;
  readonly startedAt: Instant;
}

export interface PlatformOptions extends Pick<
  StartOptions,
  "try" | "config" | "state" | "env" | "cwd" | "logFormat"
> {
  /** Log nothing but faults, and no file: for commands that only look. */
  readonly quiet?: boolean;
}

export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { env, cwd } = options;
  const configPath = locateConfig({ flag: options.config, env, cwd });
  const stateDir = locateState({ flag: options.state, env, cwd, trial: options.try && configPath === null });
  const secrets = createSecrets({ env });
  const quiet = options.quiet === true;
  const format = options.logFormat ?? (process.stdout.isTTY ? "pretty" : "json");
  const log = await createLog({
    format,
    secrets,
    level: quiet ? "fatal" : "info",
    ...(!quiet && { file: join(stateDir, "logs", "rollcall.jsonl") }),
  });
  return {
    stateDir,
    configPath,
    env,
    pretty: format === "pretty",
    log: log.child("gateway"),
    secrets,
    processes: createProcesses({ clock: systemClock, random: systemRandom, log: log.child("processes") }),
    ids: createIds(
      () => systemClock.now(),
      () => systemRandom.next(),
    ),
    startedAt: systemClock.now(),
  };
}
