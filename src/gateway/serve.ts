import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Boot } from "../boot/boot.ts";
import { CHAT_COMMANDS } from "../core/chat-commands.ts";
import { ERRORS, EXIT, type ExitCode } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { SECOND } from "../core/time.ts";
import { createSupervisor } from "../channels/supervisor.ts";
import { createAvailability, type ProbedAvailability } from "../health/availability.ts";
import { watchLiveness } from "../health/liveness.ts";
import { createStoreHealth, type StoreHealth } from "../health/store-health.ts";
import { createHttp } from "../http/http.ts";
import type { HttpServer } from "../http/deps.ts";
import { createBlobs } from "../platform/blobs.ts";
import { systemClock } from "../platform/clock.ts";
import { createEvents } from "../platform/events.ts";
import { createMetrics } from "../platform/metrics.ts";
import { systemRandom } from "../platform/random.ts";
import type { Status } from "../ports/status.ts";
import { recoverTurns } from "../sessions/recover.ts";
import { createCounts } from "./counts.ts";
import type { StartOptions } from "./gateway.ts";
import { watchHealth } from "./health-line.ts";
import { buildPipeline, type Pipeline } from "./pipeline.ts";
import type { Plans } from "./plan.ts";
import type { Platform } from "./platform.ts";
import type { Roll } from "./roll.ts";
import type { SettledConfig } from "./settle-config.ts";
import { hashToken } from "./state-dir.ts";
import { createStatus, type Stage } from "./status.ts";
import type { OpenedStore } from "./store.ts";
import { packageRoot, version } from "./version.ts";

export interface ServeInput {
  readonly options: StartOptions;
  readonly platform: Platform;
  readonly settled: SettledConfig;
  readonly opened: OpenedStore;
  readonly plans: Plans;
  readonly roll: Roll;
  readonly stage: Stage;
  readonly boot: Boot;
}

export interface Recovered {
  readonly turns: number;
  readonly survivors: number;
  readonly deliveries: number;
  readonly inDoubt: number;
}

/** A gateway that is put together, and the later phases of its start. */
export interface Serving {
  readonly http: HttpServer;
  readonly status: Status;
  /** Puts back what an earlier gateway left. */
  recover(): Promise<Recovered>;
  openChannels(): void;
  /** Proves every candidate for the first time; what waits runs as soon as its own agent can serve. */
  probe(): Promise<void>;
  announce(recovered: Recovered): void;
  /** Resolves with the exit code when the gateway shall end. */
  ended(stopRequested: AbortSignal): Promise<ExitCode>;
  /** No new turns, running ones get their grace, replies are flushed. */
  drain(): Promise<void>;
}

/** Puts the gateway together, by hand. Nothing receives, sends or listens yet. */
export async function serve(input: ServeInput): Promise<Serving> {
  const { platform, settled, opened, plans, roll, stage, boot } = input;
  const { config } = settled;
  const { store } = opened;
  const { log } = platform;
  const stopping = Promise.withResolvers<ExitCode>();
  const metrics = await createMetrics();
  const events = createEvents({ limit: LIMITS.eventRing, clock: systemClock, random: systemRandom });
  const blobs = createBlobs(join(platform.stateDir, "attachments"));
  const clock = systemClock;
  const random = systemRandom;
  const availability = createAvailability({
    roster: roll.registry,
    clock,
    random,
    metrics,
    log: log.child("health"),
    probeDeadline: config.gateway.boot.probeDeadline,
  });
  boot.undo("probes", SECOND, () => availability.stop());
  const storeHealth = createStoreHealth({
    probe: () => store.probe(),
    clock,
    metrics,
    log: log.child("store"),
    fatal: (code) => stopping.resolve(ERRORS[code].exit),
  });
  boot.undo("store health", SECOND, () => storeHealth.stop());
  const counts = await createCounts(store, events, clock);
  boot.undo("counts", SECOND, () => counts.stop());
  const status = createStatus({
    stage,
    version,
    startedAt: platform.startedAt,
    roster: roll.registry,
    availability,
    storeHealth,
    accounts: plans.channels,
    channel: (kind, account) => pipeline.channels.get(`${kind}/${account}`),
    counts: () => counts.now(),
    processes: platform.processes,
    clock,
  });
  const pipeline: Pipeline = buildPipeline({
    config,
    accounts: plans.channels,
    store,
    roster: roll.registry,
    availability,
    status,
    blobs,
    clock,
    random,
    ids: platform.ids,
    log,
    metrics,
    events,
    open: () => !stage.draining,
    suspectStore: () => storeHealth.suspect(),
  });
  const liveness = watchLiveness({ clock, metrics, log: log.child("health") });
  boot.undo("liveness", SECOND, () => liveness.stop());
  const http = await createHttp({
    gateway: {
      ...config.gateway,
      host: input.options.host ?? config.gateway.host,
      port: input.options.port ?? config.gateway.port,
    },
    intake: pipeline.intake,
    operate: pipeline.operate,
    store,
    status,
    roster: roll.registry,
    events,
    metrics,
    blobs,
    clock,
    random,
    log: log.child("http"),
    tokenHash: hashToken(opened.token),
    version,
    pageDir: pageDir(),
    instance: opened.instance,
    liveness: () => liveness.alive(),
    guard: (secret) => platform.secrets.guard(secret),
    drain: () => stopping.resolve(EXIT.ok),
  });
  boot.undo("http", 5 * SECOND, () => http.close(2 * SECOND));
  const watch = watchHealth({
    status,
    metrics,
    events,
    clock,
    log: log.child("health"),
    every: config.gateway.health.lineEvery,
  });
  boot.undo("health line", SECOND, () => watch.stop());
  return {
    http,
    status,
    recover: () => recover(input, pipeline, metrics),
    openChannels: () => openChannels(input, pipeline),
    probe: () => probe(pipeline, availability, storeHealth),
    announce(recovered) {
      log.info("gateway.recovered", { ...recovered });
      watch.start();
    },
    ended(stopRequested) {
      if (stopRequested.aborted) stopping.resolve(EXIT.ok);
      stopRequested.addEventListener("abort", () => stopping.resolve(EXIT.ok), { once: true });
      return stopping.promise;
    },
    async drain() {
      stage.draining = true;
      log.info("gateway.draining", { running: pipeline.lanes.running() });
      await pipeline.lanes.drain(config.gateway.drain.grace);
      await pipeline.outbox.drain(FLUSH);
    },
  };
}

/** How long replies that are on their way may take at a stop. */
const FLUSH = 5 * SECOND;

async function recover(
  { platform, settled, opened }: ServeInput,
  pipeline: Pipeline,
  metrics: Parameters<typeof recoverTurns>[0]["metrics"],
): Promise<Recovered> {
  const agents = new Map(settled.config.agents.list.map((agent) => [agent.id, agent]));
  const { turns, survivors } = await recoverTurns({
    store: opened.store,
    clock: systemClock,
    ids: platform.ids,
    log: platform.log.child("recover"),
    metrics,
    outbox: pipeline.outbox,
    processes: platform.processes,
    agent: (id) => agents.get(id),
  });
  const { ready, inDoubt } = await pipeline.outbox.recover();
  return { turns, survivors, deliveries: ready, inDoubt };
}

function openChannels({ platform, settled, opened, plans, boot }: ServeInput, pipeline: Pipeline): void {
  const { proxy, ipFamily } = settled.config.gateway;
  const supervisor = createSupervisor({
    clock: systemClock,
    random: systemRandom,
    log: platform.log.child("channels"),
  });
  boot.undo("channels", 10 * SECOND, () => supervisor.stop(8 * SECOND));
  for (const account of plans.channels) {
    const channel = account.open({
      clock: systemClock,
      random: systemRandom,
      log: platform.log.child(`${account.kind}/${account.account}`),
      intake: pipeline.intake,
      store: opened.store,
      processes: platform.processes,
      network: { ipFamily, ...(proxy !== undefined && { proxy }) },
      commands: CHAT_COMMANDS.map(({ name, about }) => ({ name, about })),
    });
    pipeline.channels.set(`${account.kind}/${account.account}`, channel);
    channel.onState(() => pipeline.outbox.poke());
    supervisor.start(channel);
  }
  pipeline.outbox.poke();
}

async function probe(
  pipeline: Pipeline,
  availability: ProbedAvailability,
  storeHealth: StoreHealth,
): Promise<void> {
  storeHealth.start();
  const proven = availability.start();
  await pipeline.resume();
  await proven;
}

/** Where the built page is; null when it isn't built. */
function pageDir(): string | null {
  const dir = fileURLToPath(new URL("ui/dist", packageRoot));
  return existsSync(join(dir, "index.html")) ? dir : null;
}
