import { messageOf, RollcallError } from "../core/errors.ts";
import type { Config } from "../core/config.ts";
import { languageOf } from "../config/parse-text.ts";
import { createTrust } from "../http/peer.ts";
import type { ReloadOutcome } from "../http/deps.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import type { Intake } from "../ports/intake.ts";
import { isCutOff, newPlugins } from "../registry/reload.ts";
import type { Alerting } from "./alerting.ts";
import type { ChannelResources } from "./channel-resources.ts";
import { watchConfig } from "./config-watch.ts";
import { NEXT_START_FINE, type NextStart } from "./next-start.ts";
import type { Parts } from "./parts.ts";
import type { Pipeline } from "./pipeline.ts";
import { planDeclared } from "./plugins.ts";
import { createReloadGate } from "./reload-gate.ts";
import { createReloadQueue } from "./reload-queue.ts";
import { countWaiting, dropWaiting } from "./reload-removal.ts";
import { tryReload, type Proposal, type ReloadDeps, type ReloadResult, type Trigger } from "./reload.ts";
import type { ServeInput } from "./serve-input.ts";
import { settleConfig } from "./settle-config.ts";
import { prepareWorkspaces } from "./state-dir.ts";
import { unsupported } from "./unsupported.ts";

/** Reloads of this gateway, with all that asks for them. */
export interface Reloading {
  /** The way in, past the gate that a swap closes. */
  readonly intake: Intake;
  /** The start has come to its end: the file is watched, and what was asked for meanwhile is carried out. */
  begin(): void;
  reload(trigger: Trigger, dropAgents?: readonly string[]): Promise<ReloadOutcome>;
  nextStart(): NextStart;
  /** The gateway is stopping: nothing more is taken up. */
  stop(): void;
}

export interface ReloadingParts {
  readonly parts: Pick<Parts, "availability" | "events">;
  readonly pipeline: Pipeline;
  readonly channels: () => ChannelResources;
  readonly alerting: Pick<Alerting, "raise" | "resolve" | "use">;
  /** Looks whether the program on the disk is still the one that runs. */
  readonly lookAtProgram: () => Promise<void>;
  /** One line: how the gateway stands, for the supervisor. */
  readonly statusLine: () => string;
}

/** Puts reloads together. Nothing is watched yet. */
export function createReloading(input: ServeInput, given: ReloadingParts): Reloading {
  const { options, platform, settled, boot, supervision } = input;
  const gate = createReloadGate(systemClock);
  const served = { text: settled.text };
  let nextStart = NEXT_START_FINE;
  const deps = reloadDeps(input, given, gate, served);
  const queue = createReloadQueue(async (trigger, dropAgents) => {
    supervision.reloading();
    const result = settled.path === null ? withoutFile() : await tryReload(deps, trigger, dropAgents);
    nextStart = result.nextStart;
    void given.lookAtProgram();
    tellOf(given.alerting, result);
    supervision.ready(given.statusLine());
    return result;
  });
  const begin = (): void => {
    boot.undo("reloads", STOP, () => queue.stop());
    queue.begin();
    options.onReloadWish(
      () => void queue.reload("signal").catch((error: unknown) => lateReload(input, error)),
    );
    if (settled.path === null) return;
    const end = watchConfig({
      path: settled.path,
      text: settled.text,
      clock: systemClock,
      log: platform.log.child("config"),
      changed: () => void queue.reload("file").catch((error: unknown) => lateReload(input, error)),
    });
    boot.undo("configuration watch", STOP, end);
  };
  return {
    intake: gate.guard(given.pipeline.intake),
    begin,
    reload: (trigger, dropAgents) => queue.reload(trigger, dropAgents),
    nextStart: () => nextStart,
    stop: () => void queue.stop(),
  };
}

function lateReload({ platform }: ServeInput, error: unknown): void {
  platform.log.info("reload.dropped", { error: messageOf(error) });
}

function reloadDeps(
  input: ServeInput,
  { parts, pipeline, channels, alerting }: ReloadingParts,
  gate: ReturnType<typeof createReloadGate>,
  served: { text: string | null },
): ReloadDeps {
  const { options, platform, opened, roll } = input;
  const log = platform.log.child("reload");
  const { events, availability } = parts;
  const { outbox } = pipeline;
  const removal = { store: opened.store, outbox, events, ids: platform.ids, clock: systemClock, log };
  const dropped = new Set<string>();
  const drop = (agents: readonly string[]): Promise<number> => dropWaiting(removal, agents);
  // A turn of an agent that was dropped may have put its messages back instead of answering them.
  roll.registry.onRetired(() => {
    if (dropped.size === 0) return;
    drop([...dropped]).catch((error: unknown) =>
      log.error("reload.drop_failed", { error: messageOf(error) }),
    );
  });
  return {
    registry: roll.registry,
    harnesses: roll.harnesses,
    channels: { follow: (generation) => channels().follow(generation) },
    availability,
    gate,
    clock: systemClock,
    log,
    fixed: { host: options.host !== undefined, port: options.port !== undefined },
    propose: (trigger) => propose(input, trigger, served.text),
    prepare,
    waiting: (agents) => countWaiting(opened.store, agents),
    drop(agents) {
      for (const agent of agents) dropped.add(agent);
      return drop(agents);
    },
    swapped(generation, proposal) {
      served.text = proposal.text;
      alerting.use(proposal.plans.alertRoutes, proposal.config);
      for (const agent of generation.agents.keys()) dropped.delete(agent);
      events.publish({ type: "status" });
    },
  };
}

/** How long a reload that is under way may go on at a stop, in milliseconds. */
const STOP = 1000;

/** Nothing of them is even imported. @throws RollcallError `restart-needed` */
function refuseNewPlugins(fresh: readonly string[]): void {
  if (fresh.length === 0) return;
  throw new RollcallError("restart-needed", {
    detail: `plugins (${fresh.join(", ")}): a change needs a restart`,
  });
}

/** One incident while the file says something else than what serves. */
function tellOf(alerting: ReloadingParts["alerting"], { outcome, nextStart }: ReloadResult): void {
  if ("generation" in outcome) return alerting.resolve("reload-refused", "configuration");
  const why = outcome.refused.map(({ detail }) => detail).join("; ");
  alerting.raise({
    code: "reload-refused",
    subject: "configuration",
    severity: "warning",
    summary: `The changed configuration was refused, and the old one goes on: ${why}.${nextStart.ok ? "" : " The next start would fail."}`,
    fix: "Mend what is named, or put the file back; `rollcall status` says what the next start would come to.",
  });
}

/** Reads the file anew; null when it says what serves already and nobody asked for more. */
async function propose(input: ServeInput, trigger: Trigger, served: string | null): Promise<Proposal | null> {
  const { options, platform, settled: before } = input;
  const settled = await settleConfig({
    path: before.path,
    trying: false,
    cwd: options.cwd,
    env: options.env,
    log: platform.log,
    clock: systemClock,
    random: systemRandom,
    processes: platform.processes,
    stateDir: platform.stateDir,
  });
  const { config, text } = settled;
  refuseNewPlugins(newPlugins(input.roll.registry.current().config, config));
  const warnings = [...settled.warnings, ...unsupported(config)];
  const plans = await planDeclared({
    ...settled,
    secrets: platform.secrets,
    plugins: input.plugins,
    told: (line, fields) => platform.log.error("plugin.failed", fields, line),
  });
  plans.seal();
  if (trigger !== "file" || served === null || text === null) return { config, text, warnings, plans };
  if (text === served) return null;
  if (languageOf(before.path ?? "") === "yaml" && isCutOff(served, text)) {
    throw new RollcallError("reload-refused", {
      detail: `${before.path} is the beginning of what it was, as if it were still being written; if that is meant, take it up with \`rollcall reload\``,
    });
  }
  return { config, text, warnings, plans };
}

/** @throws RollcallError `config-invalid` */
function prepare({ agents, gateway }: Config): void {
  createTrust(gateway.trustedProxies);
  prepareWorkspaces(agents.list);
}

/** A gateway that was started without a configuration has nothing to read anew. */
function withoutFile(): ReloadResult {
  const detail = "this gateway was started without a configuration file; write one, and start again";
  return {
    outcome: { refused: [{ code: "config-missing", detail }] },
    nextStart: NEXT_START_FINE,
    handedOver: Promise.resolve(),
  };
}
