import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { createIds, type Ids } from "../core/ids.ts";
import { SECOND, type Instant } from "../core/time.ts";
import { locateConfig, locateState } from "../config/locate.ts";
import { systemClock } from "../platform/clock.ts";
import { createLog, logFilePath } from "../platform/log.ts";
import { createProcesses } from "../platform/processes.ts";
import { systemRandom } from "../platform/random.ts";
import { createSecrets } from "../platform/secrets.ts";
import type { Log } from "../ports/log.ts";
import type { Processes } from "../ports/process.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { StartOptions } from "./options.ts";

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
  const quiet = options.quiet === true;
  const pretty = (options.logFormat ?? (process.stdout.isTTY ? "pretty" : "json")) === "pretty";
  const secrets = createSecrets({
    env,
    baseDir: configPath === null ? cwd : dirname(configPath),
    readFile: (path) => readFile(path, "utf8"),
    run: async ([command, ...args]) =>
      processes.run({ command, args, cwd, env: definedOf(env) }, SECRET_DEADLINE),
  });
  const log = createLog({
    format: pretty ? "pretty" : "json",
    color: process.stdout.isTTY,
    secrets,
    level: quiet ? "fatal" : "info",
    ...(!quiet && { file: logFilePath(stateDir) }),
  });
  const processes = createProcesses({
    clock: systemClock,
    random: systemRandom,
    log: log.child("processes"),
    // Commands that only look may run beside a gateway: what they start is none of its strays.
    ...(!quiet && { owner: createHash("sha256").update(resolve(stateDir)).digest("hex").slice(0, 16) }),
  });
  return {
    stateDir,
    configPath,
    env,
    pretty,
    log: log.child("gateway"),
    secrets,
    processes,
    ids: createIds(
      () => systemClock.now(),
      () => systemRandom.next(),
    ),
    startedAt: systemClock.now(),
  };
}

/** How long a command that prints a secret may take. */
const SECRET_DEADLINE = 10 * SECOND;

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
