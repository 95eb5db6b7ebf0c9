/**
 * A gateway from start to stop. The phases stand here in the order in which they run; nothing listens before the seal,
 * and what was begun is undone in reverse.
 */
import type { Config } from "../core/config.ts";
import { EXIT, messageOf, RollcallError, toRollcallError, type ExitCode } from "../core/errors.ts";
import { MINUTE, SECOND } from "../core/time.ts";
import { createBoot, StoppedWhileStarting, type Boot } from "../boot/boot.ts";
import { CLOSE_MARGIN, UNDO } from "../boot/stop-plan.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import { printBanner } from "./banner.ts";
import { alertFailedStart } from "./failed-start.ts";
import { createLastResort } from "./last-resort.ts";
import type { StartOptions } from "./options.ts";
import { openPlatform, type Platform } from "./platform.ts";
import { openPlugins, planDeclared, type PluginCode } from "./plugins.ts";
import { callRoll } from "./roll.ts";
import { settleConfig, type SettledConfig } from "./settle-config.ts";
import { serve, type Serving } from "./serve.ts";
import { prepareStateDir, prepareWorkspaces, removePresence, writePresence } from "./state-dir.ts";
import type { Stage } from "./status.ts";
import { openStateStore, refuseLostConfig, type OpenedStore } from "./store.ts";
import { openSupervision, type GatewaySupervision } from "./supervision.ts";
import { unsupported } from "./unsupported.ts";
import { version } from "./version.ts";

const DEADLINE = {
  config: 30 * SECOND,
  store: MINUTE,
  /** Beyond what plugins have to register, and again to make what they registered. */
  plugins: 10 * SECOND,
  seal: 10 * SECOND,
  reap: 30 * SECOND,
  listen: 10 * SECOND,
  channels: 10 * SECOND,
} as const;

/** Runs a gateway to its end. @throws RollcallError for a start that fails; its exit code is the process's. */
export async function runGateway(options: StartOptions): Promise<ExitCode> {
  const platform = await openPlatform(options);
  const supervision = await openSupervision(platform);
  const stage: Stage = {
    draining: false,
    started: false,
    sealed: false,
    crashed: false,
    freeze: null,
    settled: null,
    raiseLast: null,
  };
  const plugins = openPlugins(platform, () => stage.sealed);
  const last = createLastResort({
    process,
    log: platform.log,
    ownerOf: (stack) => plugins.ownerOf(stack),
    sealed: () => stage.sealed,
    crashed() {
      stage.crashed = true;
      stage.freeze?.();
    },
  });
  const stopRequested = AbortSignal.any([options.stopRequested, last.signal]);
  const boot = createBoot(systemClock, platform.log.child("boot"), stopRequested);
  boot.undo("plugins", UNDO.step, () => plugins.stop());
  try {
    const end = await bootAndServe(
      { ...options, stopRequested },
      platform,
      plugins,
      stage,
      boot,
      supervision,
    );
    return last.orElse(end);
  } catch (error) {
    if (error instanceof StoppedWhileStarting && last.fault() === null) return EXIT.ok;
    const fault = last.fault() ?? toRollcallError(error);
    platform.log.fatal("boot.failed", { code: fault.code, at: fault.at }, fault.message);
    await alertFailedStart(platform, stage, fault);
    throw fault;
  } finally {
    await boot.unwind(supervision.teardown());
    platform.log.info("gateway.stopped", {});
    await supervision.close();
    last.end();
  }
}

async function bootAndServe(
  options: StartOptions,
  platform: Platform,
  plugins: PluginCode,
  stage: Stage,
  boot: Boot,
  supervision: GatewaySupervision,
): Promise<ExitCode> {
  const settled = await boot.phase("config", DEADLINE.config, () => loadSettled(options, platform));
  stage.settled = settled;
  for (const line of settled.warnings) platform.log.warn("config.warning", {}, line);
  for (const line of unsupported(settled.config)) platform.log.warn("config.unsupported", {}, line);
  prepareWorkspaces(settled.config.agents.list);
  const opened = await boot.phase("store", DEADLINE.store, () => openStateStore(platform, settled));
  boot.undo("store", UNDO.store, () => opened.store.close());
  await refuseLostConfig(opened.store, settled, options.try);
  const { pluginDeadline } = settled.config.gateway.boot;
  const plans = await boot.phase("plugins", 2 * pluginDeadline + DEADLINE.plugins, () =>
    planDeclared({ ...settled, secrets: platform.secrets, plugins, told: fatal(platform) }),
  );
  const roll = await boot.phase("seal", DEADLINE.seal, () => {
    plans.seal();
    return callRoll(platform, settled.config, plans);
  });
  stage.sealed = true;
  boot.undo("harnesses", UNDO.harnesses, () => roll.close(UNDO.harnesses - CLOSE_MARGIN));
  const serving = await serve({
    options,
    platform,
    settled,
    opened,
    plans,
    plugins,
    roll,
    stage,
    boot,
    supervision,
  });
  await boot.phase("reap", DEADLINE.reap, () => serving.reap());
  await boot.phase("listen", DEADLINE.listen, () =>
    listen(options, platform, settled, opened, serving, boot),
  );
  supervision.listening("starting");
  await boot.phase("channels", DEADLINE.channels, () => serving.openChannels());
  const end = await proveAndServe(settled.config, options.stopRequested, serving, boot, () => {
    stage.started = true;
    serving.announce();
    plugins
      .watch()
      .catch((error: unknown) => platform.log.error("watch.failed", { error: messageOf(error) }));
  });
  await serving.drain();
  return end;
}

/** Every plugin that failed has a line of its own, which must be read. */
function fatal({ log }: Platform): Parameters<typeof planDeclared>[0]["told"] {
  return (line, fields) => log.fatal("plugin.failed", fields, line);
}

/** From the first probes to the wish to end. A stop while the probes run is a stop like any other: turns may run. */
async function proveAndServe(
  config: Config,
  stopRequested: AbortSignal,
  serving: Serving,
  boot: Boot,
  started: () => void,
): Promise<ExitCode> {
  const deadline = config.gateway.boot.probeDeadline + 5 * SECOND;
  try {
    await boot.phase("probe", deadline, () => serving.probe());
  } catch (error) {
    if (error instanceof StoppedWhileStarting) return EXIT.ok;
    throw error;
  }
  serving.loadLate();
  started();
  refuseUnavailable(config, serving);
  return serving.ended(stopRequested);
}

function loadSettled(options: StartOptions, platform: Platform): Promise<SettledConfig> {
  prepareStateDir(platform.stateDir);
  const { env, cwd } = options;
  return settleConfig({
    path: platform.configPath,
    trying: options.try,
    cwd,
    env,
    log: platform.log,
    clock: systemClock,
    random: systemRandom,
    processes: platform.processes,
    stateDir: platform.stateDir,
  });
}

async function listen(
  options: StartOptions,
  platform: Platform,
  settled: SettledConfig,
  opened: OpenedStore,
  serving: Serving,
  boot: Boot,
): Promise<void> {
  const { gateway } = settled.config;
  const at = await serving.http.listen(options.host ?? gateway.host, options.port ?? gateway.port);
  const url = `http://${at.host.includes(":") ? `[${at.host}]` : at.host}:${at.port}`;
  boot.undo("presence", UNDO.step, () => removePresence(platform.stateDir));
  writePresence(platform.stateDir, {
    pid: process.pid,
    url,
    token: opened.token,
    version,
    startedAt: new Date(platform.startedAt).toISOString(),
    instance: opened.instance,
  });
  platform.log.info("gateway.listening", { host: at.host, port: at.port });
  options.onListening();
  if (options.try) printBanner({ settled, link: serving.http.link(), url, pretty: platform.pretty });
}

/** With `unavailable: "exit"` a gateway that can't serve an agent doesn't stay. */
function refuseUnavailable(config: Config, serving: Serving): void {
  if (config.gateway.boot.unavailable !== "exit") return;
  const unserved = serving.status.report().agents.filter(({ servable }) => !servable);
  if (unserved.length === 0) return;
  throw new RollcallError("agent-unavailable", { detail: unserved.map(({ id }) => id).join(", ") });
}
