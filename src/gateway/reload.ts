/**
 * A reload: generation g+1 is built and proven beside g, and serves by one assignment; or it is refused, and nothing
 * has changed. Running turns finish on the generation that they began with.
 *
 * load → plan → seal → prove → gather what speaks against it → (nothing does) wait for accepts, publish, hand over
 */
import { codeOf, messageOf, RollcallError, toRollcallError } from "../core/errors.ts";
import type { Config } from "../core/config.ts";
import { SECOND } from "../core/time.ts";
import type { ProbedAvailability } from "../health/availability.ts";
import type { Proof } from "../health/prove.ts";
import { servable } from "../health/readiness.ts";
import type { ReloadOutcome } from "../http/deps.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Generation } from "../ports/roster.ts";
import {
  removalRefusals,
  removedAgents,
  restartRefusals,
  serviceRefusals,
  type FixedKeys,
  type Refusal,
} from "../registry/reload.ts";
import { rollOf } from "../registry/build.ts";
import type { Registry } from "../registry/registry.ts";
import type { ChannelResources } from "./channel-resources.ts";
import { sealGeneration } from "./generation.ts";
import type { HarnessResources, Opening } from "./harness-resources.ts";
import { NEXT_START_FINE, nextStartAfter, nextStartOf, type NextStart } from "./next-start.ts";
import type { Plans } from "./plan.ts";
import type { ReloadGate } from "./reload-gate.ts";

/** What asked for a reload. */
export type Trigger = "request" | "signal" | "file";

/** A configuration as it was read, checked and planned; nothing of it is opened. */
export interface Proposal {
  readonly config: Config;
  /** The file as it was read. */
  readonly text: string | null;
  readonly plans: Plans;
  readonly warnings: readonly string[];
}

export interface ReloadDeps {
  readonly registry: Registry;
  readonly harnesses: HarnessResources;
  readonly channels: ChannelResources;
  readonly availability: Pick<ProbedAvailability, "of" | "prove" | "adopt">;
  readonly gate: ReloadGate;
  readonly clock: Clock;
  readonly log: Log;
  readonly fixed: FixedKeys;
  /** Reads the file anew; null when there is nothing to do. @throws RollcallError what a start would end with */
  readonly propose: (trigger: Trigger) => Promise<Proposal | null>;
  /** What only the machine can refuse, e.g. a workspace that can't be made. @throws RollcallError */
  readonly prepare: (config: Config) => void;
  readonly waiting: (agents: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** Cancels what waits for agents and tells the senders. */
  readonly drop: (agents: readonly string[]) => Promise<number>;
  /** The new generation serves. */
  readonly swapped: (generation: Generation, proposal: Proposal) => void;
}

/** How one try ended, and what it tells of the next start. */
export interface ReloadResult {
  readonly outcome: ReloadOutcome;
  readonly nextStart: NextStart;
  /** Resolves when pollers have been handed over. */
  readonly handedOver: Promise<void>;
}

/** How long messages that are on their way in may take to be stored, before the reload is given up. */
const ACCEPTS = 5 * SECOND;

/** Tries one reload. Never rejects: what goes wrong is a refusal, and the old generation serves on. */
export async function tryReload(
  deps: ReloadDeps,
  trigger: Trigger,
  dropAgents: readonly string[],
): Promise<ReloadResult> {
  let proposal: Proposal | null;
  try {
    proposal = await deps.propose(trigger);
  } catch (error) {
    const fault = faultOf(error);
    return refused(deps, [refusalOf(fault)], nextStartAfter(fault), trigger);
  }
  if (proposal === null) return unchanged(deps);
  const opening = deps.harnesses.begin();
  try {
    return await build(deps, { trigger, dropAgents, proposal, opening });
  } catch (error) {
    await opening.drop();
    const fault = faultOf(error);
    const restart = restartRefusals(deps.registry.current().config, proposal.config, deps.fixed);
    return refused(deps, [refusalOf(fault), ...restart], nextStartAfter(fault), trigger);
  }
}

interface Attempt {
  readonly trigger: Trigger;
  readonly dropAgents: readonly string[];
  readonly proposal: Proposal;
  readonly opening: Opening;
}

async function build(deps: ReloadDeps, attempt: Attempt): Promise<ReloadResult> {
  const { registry, log } = deps;
  const { trigger, dropAgents, proposal, opening } = attempt;
  const { config, plans } = proposal;
  const serving = registry.current();
  const next = sealGeneration({
    number: serving.number + 1,
    config,
    plans,
    open: (plan) => opening.open(plan),
    missing: (line, fields) => log.error("registry.unregistered", fields, line),
  });
  deps.prepare(config);
  const proof = await deps.availability.prove(next);
  const service = serviceRefusals({
    serving: servedAgents(deps, serving),
    next: new Map([...next.agents.keys()].map((agent) => [agent, proof.servable(agent)])),
    unavailable: config.gateway.boot.unavailable,
  });
  const nextStart = nextStartOf(config, plans, service);
  const against = [...restartRefusals(serving.config, config, deps.fixed), ...service];
  const ids = new Set(next.agents.keys());
  const removed = removedAgents(new Set(serving.agents.keys()), ids, dropAgents);
  // Agents go only while nothing is being accepted: what was led to them is stored by then, and seen here.
  const swap = async (): Promise<Refusal[]> => {
    const waiting = await deps.waiting(removed);
    const awaited = removalRefusals({ next: ids, waiting, dropAgents });
    if (against.length + awaited.length > 0) return [...against, ...awaited];
    await deps.drop(removed.filter((agent) => dropAgents.includes(agent)));
    publish(deps, next, proof);
    return [];
  };
  const refusals = removed.length === 0 ? await swap() : await deps.gate.alone(ACCEPTS, swap);
  if (refusals.length > 0) {
    await opening.drop();
    return refused(deps, refusals, nextStart, trigger);
  }
  return swapped(deps, attempt, serving, next);
}

/** From one statement to the next, with nothing in between: the new generation, its resources and its proofs. */
function publish(deps: ReloadDeps, next: Generation, proof: Proof): void {
  deps.harnesses.published(next);
  deps.registry.publish(next);
  deps.availability.adopt(proof);
}

function swapped(deps: ReloadDeps, attempt: Attempt, before: Generation, next: Generation): ReloadResult {
  const { proposal, trigger, dropAgents } = attempt;
  const handedOver = deps.channels.follow(next);
  deps.swapped(next, proposal);
  deps.log.info("registry.swapped", {
    generation: next.number,
    before: before.number,
    trigger,
    harnesses: [...next.harnesses.keys()],
    replaced: [...next.harnesses].filter(([id, one]) => before.harnesses.get(id) !== one).map(([id]) => id),
    roll: rollOf(next),
    ...(dropAgents.length > 0 && { dropAgents }),
  });
  for (const warning of proposal.warnings) deps.log.warn("config.warning", {}, warning);
  return { outcome: { generation: next.number }, nextStart: NEXT_START_FINE, handedOver };
}

/** The file was changed and put back: what serves is what it says. */
function unchanged({ registry, log }: ReloadDeps): ReloadResult {
  const generation = registry.current().number;
  log.info("reload.unchanged", { generation });
  return { outcome: { generation }, nextStart: NEXT_START_FINE, handedOver: Promise.resolve() };
}

function refused(
  deps: ReloadDeps,
  refusals: readonly Refusal[],
  nextStart: NextStart,
  trigger: Trigger,
): ReloadResult {
  deps.log.error(
    "reload.rejected",
    { trigger, generation: deps.registry.current().number, reasons: refusals, nextStart },
    `the old configuration goes on: ${refusals.map(({ detail }) => detail).join("; ")}`,
  );
  return { outcome: { refused: refusals }, nextStart, handedOver: Promise.resolve() };
}

/** What serves was loaded by the start. What is new may not be there any more: the program on the disk was replaced. */
function faultOf(error: unknown): RollcallError {
  const gone = codeOf(error) === "ERR_MODULE_NOT_FOUND" && !(error instanceof RollcallError);
  return gone
    ? new RollcallError("restart-needed", {
        detail: `code that is new here can't be loaded (${messageOf(error)})`,
      })
    : toRollcallError(error);
}

function refusalOf(fault: RollcallError): Refusal {
  return { code: fault.code, detail: fault.detail ?? fault.message };
}

function servedAgents(deps: ReloadDeps, serving: Generation): ReadonlyMap<string, boolean> {
  return new Map([...serving.agents.keys()].map((agent) => [agent, servable(deps.availability.of(agent))]));
}
