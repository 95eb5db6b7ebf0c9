import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ERRORS, EXIT, messageOf, type ExitCode } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import { UNDO } from "../boot/stop-plan.ts";
import { createHttp } from "../http/http.ts";
import type { HttpServer } from "../http/deps.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import type { Log } from "../ports/log.ts";
import type { Status } from "../ports/status.ts";
import { LAST_WORDS, openAlerting, type Alerting } from "./alerting.ts";
import { openArchiving, type Archiving } from "./archiving.ts";
import { drain } from "./drain.ts";
import { watchHealth, type HealthWatch } from "./health-line.ts";
import { channelResources } from "./open-channels.ts";
import { openParts, type Parts } from "./parts.ts";
import { buildPipeline, type Pipeline } from "./pipeline.ts";
import { openPoison, type Poison } from "./poison.ts";
import { openRecovering, type Recovering } from "./recovering.ts";
import { createReloading, type Reloading } from "./reloading.ts";
import { openSelfChecks, type SelfChecks } from "./self-checks.ts";
import type { ServeInput } from "./serve-input.ts";
import { openProgramWatch, type ProgramWatch } from "./program-watch.ts";
import { hashToken } from "./state-dir.ts";
import { createStatus, statusLine } from "./status.ts";
import { packageRoot, version } from "./version.ts";

/** A gateway that is put together, and the later phases of its start. */
export interface Serving {
  readonly http: HttpServer;
  readonly status: Status;
  /** Ends the processes of an earlier gateway. What it left running is decided on later, and nobody waits for it. */
  reap(): Promise<void>;
  openChannels(): Promise<void>;
  /** Proves every candidate for the first time; what waits runs as soon as its own agent can serve. */
  probe(): Promise<void>;
  /** The start has come to its end: says so, and takes up changes of the configuration from now on. */
  announce(): void;
  /** Loads what nobody waits for. From then on nothing is loaded any more. */
  loadLate(): void;
  /** Resolves with the exit code when the gateway shall end. */
  ended(stopRequested: AbortSignal): Promise<ExitCode>;
  /** No new turns, running ones get their grace, replies are flushed. */
  drain(): Promise<void>;
}

/** Puts the gateway together, by hand. Nothing receives, sends or listens yet. */
export async function serve(input: ServeInput): Promise<Serving> {
  const { platform, roll, stage, boot } = input;
  const { log } = platform;
  const stopping = Promise.withResolvers<ExitCode>();
  // Nothing is written any more, so the store can't keep the alert: it is told before the end.
  const parts = await openParts(input, (code) => {
    const told = alerting.raiseLast({ code, subject: "store" }, LAST_WORDS);
    void told.finally(() => stopping.resolve(ERRORS[code].exit));
  });
  const poison = await openPoison(input);
  const program = openProgramWatch(input);
  const status = statusOf(input, parts, program, { pipeline: () => pipeline, recovering: () => recovering });
  const alerting = await openAlerting(input, { parts, status: () => status, pipeline: () => pipeline });
  const bare = pipelineOf(input, parts, status, { alerts: alerting, guard: poison.guard });
  const recovering = openRecovering(input, bare);
  const reloading = createReloading(input, {
    parts,
    alerting,
    pipeline: bare,
    channels: () => channels,
    lookAtProgram: () => program.look(),
    statusLine: () => statusLine(status.report()),
  });
  const pipeline = { ...bare, intake: reloading.intake };
  const checks = openSelfChecks(input, { parts, status, pipeline, alerts: alerting });
  const archive = openArchiving(input);
  const http = await httpOf(input, parts, status, {
    archive,
    pipeline,
    checks,
    reloading,
    alerting,
    drain: () => stopping.resolve(EXIT.ok),
  });
  boot.undo("http", UNDO.http, () => http.close(UNDO.http / 2));
  const channels = channelResources(input, pipeline, poison.guard);
  const watch = healthWatch(input, parts, status, pipeline);
  return {
    http,
    status,
    reap: () => poison.settle(parts.events).then(() => recovering.reap()),
    openChannels: () => channels.follow(roll.registry.current()),
    async probe() {
      alerting.watch();
      recovering.begin();
      await Promise.all([probe(pipeline, parts), program.start()]);
    },
    announce() {
      recovering.announce();
      alerting.started();
      checks.start();
      archive.start();
      watch.start();
      reloading.begin();
    },
    loadLate: () => loadLate(parts, log),
    ended(stopRequested) {
      const stop = (): void => stopping.resolve(EXIT.ok);
      if (stopRequested.aborted) stop();
      stopRequested.addEventListener("abort", stop, { once: true });
      return stopping.promise;
    },
    async drain() {
      stage.draining = true;
      recovering.stop();
      reloading.stop();
      await drainWithin(input, pipeline);
    },
  };
}

async function drainWithin(
  { platform, roll, stage, supervision }: ServeInput,
  pipeline: Pipeline,
): Promise<void> {
  const { grace } = roll.registry.current().config.gateway.drain;
  const plan = supervision.stopping(stage.crashed ? Math.min(grace, CRASH_GRACE) : grace);
  const { lanes, outbox } = pipeline;
  await drain({ plan, lanes, outbox, clock: systemClock, log: platform.log });
}

function loadLate({ metrics }: Parts, log: Log): void {
  metrics.load().catch((error: unknown) => log.error("metrics.failed", { error: messageOf(error) }));
}

/** Says how things stand, to the log, to the page and to the supervisor. */
function healthWatch(
  { platform, roll, boot, supervision }: ServeInput,
  parts: Parts,
  status: Status,
  pipeline: Pipeline,
): HealthWatch {
  const watch = watchHealth({
    status,
    events: parts.events,
    clock: systemClock,
    log: platform.log.child("health"),
    every: () => roll.registry.current().config.gateway.health.lineEvery,
    changed: (line) => supervision.status(line),
  });
  boot.undo("health line", UNDO.step, () => watch.stop());
  supervision.watch(() => [...parts.storeHealth.pulses(), ...pipeline.lanes.pulses()]);
  return watch;
}

/** What running turns get after an error that nobody caught: with their replies it is over within 5 s. */
const CRASH_GRACE: Duration = 2 * SECOND;

function statusOf(
  { platform, roll, stage }: ServeInput,
  parts: Parts,
  program: ProgramWatch,
  { pipeline, recovering }: { readonly pipeline: () => Pipeline; readonly recovering: () => Recovering },
): Status {
  return createStatus({
    stage,
    version,
    startedAt: platform.startedAt,
    roster: roll.registry,
    availability: parts.availability,
    storeHealth: parts.storeHealth,
    intakeClosed: () => parts.pressure.closed(),
    channel: (kind, account) => pipeline().channels.get(`${kind}/${account}`),
    counts: () => parts.counts.now(),
    processes: platform.processes,
    recovery: () => recovering().state(),
    restartReason: () => program.reason(),
    clock: systemClock,
  });
}

function pipelineOf(
  { platform, opened, roll, stage }: ServeInput,
  parts: Parts,
  status: Status,
  { alerts, guard }: { readonly alerts: Alerting; readonly guard: Poison["guard"] },
): Pipeline {
  return buildPipeline({
    ...parts,
    status,
    alerts,
    guard,
    store: opened.store,
    roster: roll.registry,
    clock: systemClock,
    random: systemRandom,
    ids: platform.ids,
    log: platform.log,
    open: () => !stage.draining,
    suspectStore: () => parts.storeHealth.suspect(),
  });
}

interface HttpParts {
  readonly archive: Archiving;
  readonly pipeline: Pipeline;
  readonly checks: SelfChecks;
  readonly reloading: Reloading;
  readonly alerting: Alerting;
  readonly drain: () => void;
}

function httpOf(
  { options, platform, opened, roll }: ServeInput,
  parts: Parts,
  status: Status,
  { archive, pipeline, checks, reloading, alerting, drain }: HttpParts,
): Promise<HttpServer> {
  return createHttp({
    ...parts,
    status,
    drain,
    alerts: alerting,
    archive,
    accounting: () => checks.accounting(),
    reload: ({ dropAgents }) => reloading.reload("request", dropAgents),
    nextStart: () => reloading.nextStart(),
    get gateway() {
      const { gateway } = roll.registry.current().config;
      return { ...gateway, host: options.host ?? gateway.host, port: options.port ?? gateway.port };
    },
    intake: pipeline.intake,
    operate: pipeline.operate,
    store: opened.store,
    roster: roll.registry,
    clock: systemClock,
    random: systemRandom,
    log: platform.log.child("http"),
    tokenHash: hashToken(opened.token),
    version,
    pageDir: pageDir(),
    instance: opened.instance,
    liveness: () => parts.liveness.alive(),
    guard: (secret) => platform.secrets.guard(secret),
  });
}

async function probe(pipeline: Pipeline, { availability, storeHealth }: Parts): Promise<void> {
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
