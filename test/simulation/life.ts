// One life of the gateway: the real inbox, router, lanes, outbox, registry, breaker and recovery, put together as the
// program does it, over the simulated disk, platform and machine.
import { SECOND } from "../../src/core/time.ts";
import { createIds } from "../../src/core/ids.ts";
import { createSupervisor } from "../../src/channels/supervisor.ts";
import { buildPipeline, type Pipeline } from "../../src/gateway/pipeline.ts";
import { createAvailability, type ProbedAvailability } from "../../src/health/availability.ts";
import type { ChannelAccount } from "../../src/ports/channel.ts";
import type { Log } from "../../src/ports/log.ts";
import type { Processes } from "../../src/ports/process.ts";
import type { Generation } from "../../src/ports/roster.ts";
import type { StatusReport } from "../../src/ports/status.ts";
import type { Store } from "../../src/ports/store.ts";
import { buildGeneration } from "../../src/registry/build.ts";
import { createRegistry } from "../../src/registry/registry.ts";
import { openMemoryStore, type MemoryDisk } from "../../src/store/sqlite/open.ts";
import { quietAlerts } from "../fakes/alerts.ts";
import { keepEvents, noMetrics } from "../fakes/quiet.ts";
import { sampleAgent, sampleConfig } from "../fakes/samples.ts";
import type { Draw } from "./draw.ts";
import type { Machine } from "./machine.ts";
import type { Plan } from "./plan.ts";
import type { Platform } from "./platform.ts";
import { createSimChannel, KIND } from "./sim-channel.ts";
import { createSimHarness } from "./sim-harness.ts";
import { createSimStore, type Disk } from "./sim-store.ts";
import type { Owner, World } from "./world.ts";

export interface Life {
  readonly owner: Owner;
  readonly epoch: number;
  readonly pipeline: Pipeline;
  readonly store: Store;
  /** Resolves when the start is over. */
  readonly started: Promise<void>;
  /** Publishes the next generation, as a reload does. */
  reload(): Promise<void>;
  /** A clean stop. */
  drain(): Promise<void>;
}

export interface LifeDeps {
  readonly number: number;
  readonly world: World;
  readonly plan: Plan;
  readonly draw: Draw;
  readonly memory: MemoryDisk;
  readonly disk: Disk;
  readonly platform: Platform;
  readonly machine: Machine;
  readonly log: Log;
  readonly die: (owner: Owner) => void;
  /** Whether a process can't be ended now. */
  readonly stubborn: (pid: number) => boolean;
}

export const HARNESSES = ["one", "two"] as const;
const BOOT = { open: 30, patience: 500, grace: 3000 } as const;

/** Shorter than people would set them, so that a run isn't mostly waiting. */
const TURN = {
  firstEvent: 20 * SECOND,
  idle: 30 * SECOND,
  toolIdle: 60 * SECOND,
  total: 600 * SECOND,
} as const;

/** Odd generations prefer the first harness and even ones the second, by models that tell which generation it was. */
export function modelsOf(generation: number): readonly [string, string] {
  const models = [`one/g${generation}`, `two/g${generation}`] as const;
  return generation % 2 === 1 ? models : [models[1], models[0]];
}

export async function beginLife(deps: LifeDeps): Promise<Life> {
  const { world, plan, draw, memory, disk, platform, machine, log } = deps;
  const owner = world.owner(`life ${deps.number}`);
  const clock = world.clockOf(owner);
  const opened = await openMemoryStore(clock, memory);
  const die = (): void => deps.die(owner);
  const store = createSimStore(opened, { world, owner, disk, draw: draw.fork("disk"), die });
  const random = { next: () => draw.next(), secret: () => "secret", uuid: () => `u${draw.int(1e9)}` };
  const ids = createIds(() => clock.now(), random.next);
  const harnesses = new Map(
    HARNESSES.map((id) => [id, createSimHarness(id, { world, owner, machine, draw: draw.fork(id) })]),
  );
  const generationOf = createGenerations(plan, harnesses);
  const roster = createRegistry(generationOf(1));
  const base = { roster, clock, random, log, metrics: noMetrics };
  const availability = createAvailability({ ...base, probeDeadline: 15_000 });
  let stopping = false;
  const pipeline = buildPipeline({
    ...base,
    store,
    availability,
    ids,
    status: { report: () => reportOf(roster.current(), availability), intakeOpen: () => true },
    blobs: {
      put: async (name) => name,
      reserve: async (name) => ({ key: name, path: name }),
      path: (key) => key,
    },
    events: keepEvents(),
    alerts: quietAlerts(),
    open: () => !stopping,
    suspectStore: () => {},
  });
  const channel = createSimChannel({ platform, owner, clock, store, intake: () => pipeline.intake });
  pipeline.channels.set(`${KIND}/default`, channel);
  channel.onState(() => pipeline.outbox.poke());
  const recovery = pipeline.recovery(reaper(deps, owner));
  const supervisor = createSupervisor({ clock, random, log });
  const start = async (): Promise<void> => {
    await clock.sleep(draw.between(1, BOOT.open));
    await recovery.reap(BOOT.patience);
    await pipeline.outbox.recover();
    supervisor.start(channel);
    void recovery.begin();
    const proven = availability.start();
    await pipeline.resume();
    await proven;
  };
  let generation = 1;
  return {
    owner,
    epoch: store.epoch,
    pipeline,
    store,
    started: start().catch((error: unknown) => {
      // A start that fails ends the process, and the next one begins.
      log.error("start.failed", { error: String(error) });
      die();
    }),
    async reload() {
      generation += 1;
      const next = generationOf(generation);
      const proof = await availability.prove(next);
      roster.publish(next);
      availability.adopt(proof);
    },
    async drain() {
      stopping = true;
      recovery.stop();
      await pipeline.lanes.drain(draw.between(0, BOOT.grace));
      await pipeline.outbox.drain(BOOT.grace);
      await supervisor.stop(1000);
      availability.stop();
    },
  };
}

function createGenerations(
  plan: Plan,
  harnesses: ReadonlyMap<string, ReturnType<typeof createSimHarness>>,
): (number: number) => Generation {
  const plans = new Map(
    [...harnesses].map(([id, harness]) => [id, { id, kind: id, effectiveConfig: "", create: () => harness }]),
  );
  const account: ChannelAccount = {
    kind: KIND,
    account: "default",
    access: { direct: { policy: "open", allow: [] }, groups: {} },
    effectiveConfig: "",
    open: () => {
      throw new TypeError("channels of the simulation are opened by hand");
    },
  };
  return (number) => {
    const [primary, fallback] = modelsOf(number);
    const { onInterrupted, midTurn } = plan;
    const model = { primary, fallbacks: [fallback] };
    const agent = sampleAgent({ model, onInterrupted, midTurn, turn: TURN });
    const config = sampleConfig({ agents: { list: [agent] } });
    const open = ({ id }: { readonly id: string }): ReturnType<typeof createSimHarness> => {
      const harness = harnesses.get(id);
      if (harness === undefined) throw new TypeError(`no harness ${id}`);
      return harness;
    };
    return buildGeneration({ number, config, plans, accounts: [account], open });
  };
}

/** Ends what earlier lives left. Some of it may be stubborn for a while. */
function reaper({ world, machine, draw, stubborn }: LifeDeps, owner: Owner): Processes {
  const not = (): never => {
    throw new TypeError("the simulation starts no programs");
  };
  const before = machine.trees.length;
  const end = (pids: readonly number[]): Promise<{ found: number; survivors: number }> =>
    new Promise((resolve) => {
      world.after(draw.between(1, 80), owner, () => {
        const left = pids.filter((pid) => stubborn(pid));
        for (const pid of pids) if (!left.includes(pid)) machine.kill(pid);
        resolve({ found: pids.length, survivors: left.length });
      });
    });
  return {
    custodyLevel: "C2",
    spawn: not,
    run: not,
    which: not,
    reap: ({ pid }) => end([pid]),
    reapStrays: () => end(machine.trees.slice(0, before).flatMap(({ pid, alive }) => (alive ? [pid] : []))),
  };
}

/** What chat commands read of the status. */
function reportOf(generation: Generation, availability: ProbedAvailability): StatusReport {
  const agents = [...generation.agents.keys()].map((id) => {
    const candidates = availability.of(id);
    return { id, candidates, servable: candidates.some(({ available }) => available) };
  });
  const nothing = { failing: [], degraded: [], harnesses: [], channels: [], waiting: 0, held: 0 };
  return { ...nothing, status: "ready", version: "0", startedAt: 0, generation: 1, agents, custody: "C2" };
}
