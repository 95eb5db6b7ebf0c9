import { homedir } from "node:os";
import { join } from "node:path";
import { backup } from "../archive/backup.ts";
import { purge } from "../archive/purge.ts";
import { messageOf } from "../core/errors.ts";
import { createBlobFolder } from "../platform/blob-folder.ts";
import { systemClock } from "../platform/clock.ts";
import { createLog, logFilePath, type RootLog } from "../platform/log.ts";
import { systemRandom } from "../platform/random.ts";
import type { Archive } from "../ports/archive.ts";
import type { Harness } from "../ports/harness.ts";
import type { Log } from "../ports/log.ts";
import type { KnownSession } from "../ports/snapshot.ts";
import type { Store } from "../ports/store.ts";
import { configCopy, recordOf, tokenIn } from "./backup-sources.ts";
import { HARNESS_KINDS } from "./catalog.ts";
import { openPlatform, type PlatformOptions } from "./platform.ts";
import { openPlugins, planDeclared } from "./plugins.ts";
import { version } from "./version.ts";

/** Where a stopped gateway's configuration is looked for. */
export type Surroundings = Pick<PlatformOptions, "config" | "env" | "cwd">;

/** The log of a gateway that isn't running, for commands that change its state. */
export function offlineLog(stateDir: string): RootLog {
  return createLog({
    format: "json",
    level: "info",
    file: logFilePath(stateDir),
    secrets: { redact: (text) => text },
    write: () => undefined,
  });
}

/** The same as a running gateway's, on the store under its lock. What is done is told in the gateway's log. */
export function offlineArchive(
  stateDir: string,
  store: Store,
  around: Surroundings,
): Archive & { close(): void } {
  const root = offlineLog(stateDir);
  const log = root.child("archive");
  const files = createBlobFolder(join(stateDir, "attachments"));
  const clock = systemClock;
  return {
    purge: (request, by) => purge({ store, files, clock, log }, request, by),
    async backup(request, by, signal) {
      const { path, record } = await declared(stateDir, around, log);
      const deps = {
        store,
        stateDir,
        files,
        clock,
        log,
        version,
        record,
        home: around.env["HOME"] ?? homedir(),
        config: (secrets: boolean) => configCopy(path, secrets),
        token: () => tokenIn(stateDir),
      };
      return backup(deps, request, by, signal);
    },
    close: () => root.close(),
  };
}

interface Declared {
  /** Of the configuration; null when there is none. */
  readonly path: string | null;
  readonly record: (session: KnownSession) => Promise<string | null>;
}

/** What the configuration declares. One that can't be read costs the sessions' records, not the backup. */
async function declared(stateDir: string, around: Surroundings, log: Log): Promise<Declared> {
  const platform = await openPlatform({
    ...around,
    state: stateDir,
    logFormat: undefined,
    try: false,
    quiet: true,
  });
  const path = platform.configPath;
  const nobody: Declared = { path, record: () => Promise.resolve(null) };
  if (path === null) return nobody;
  try {
    const { loadConfig } = await import("../config/load-config.ts");
    const loaded = await loadConfig(path, {
      kinds: { harnesses: Object.keys(HARNESS_KINDS) },
      workspaces: join(stateDir, "workspaces"),
    });
    const plugins = openPlugins(platform, () => false);
    const told = (): void => undefined;
    const plans = await planDeclared({ ...loaded, secrets: platform.secrets, plugins, told });
    const { processes, env } = platform;
    const made = [...plans.harnesses].map(([id, plan]): readonly [string, Harness] => [
      id,
      plan.create({ clock: systemClock, random: systemRandom, processes, env, log, stateDir }),
    ]);
    const harnesses = new Map(made);
    return { path, record: (session) => recordOf(session, harnesses, loaded.config.agents.list) };
  } catch (error) {
    log.warn("backup.records_left_out", { error: messageOf(error) });
    return nobody;
  }
}
