// The real inbox, router, lanes, outbox and availability over a store in memory, on a clock that the test moves,
// between scripted harnesses and scripted channels.
import { buildPipeline, type Pipeline } from "../../src/gateway/pipeline.ts";
import type { AccessConfig, AgentConfig, Config } from "../../src/core/config.ts";
import { createIds } from "../../src/core/ids.ts";
import type { MessageBody } from "../../src/core/message.ts";
import { createAvailability, type ProbedAvailability } from "../../src/health/availability.ts";
import type { ChannelAccount } from "../../src/ports/channel.ts";
import type { GatewayEvent } from "../../src/ports/events.ts";
import type { Accepted, InboundMessage } from "../../src/ports/intake.ts";
import type { Generation } from "../../src/ports/roster.ts";
import type { StatusReport } from "../../src/ports/status.ts";
import type { Store } from "../../src/ports/store.ts";
import { buildGeneration } from "../../src/registry/build.ts";
import { createRegistry, type Registry } from "../../src/registry/registry.ts";
import { createMemoryDisk, openMemoryStore, type MemoryDisk } from "../../src/store/sqlite/open.ts";
import { quietAlerts } from "./alerts.ts";
import { createFakeClock, settle, type FakeClock } from "./clock.ts";
import { keepEvents, keepLog, noMetrics, type LogLine } from "./quiet.ts";
import { sampleAgent, sampleBody, sampleConfig } from "./samples.ts";
import { createScriptChannel, type ScriptChannel } from "./script-channel.ts";
import { createScriptHarness, type ScriptHarness } from "./script-harness.ts";

export interface RigOptions {
  readonly agents?: readonly Partial<AgentConfig>[];
  readonly access?: AccessConfig;
  readonly config?: Partial<Config>;
  readonly channel?: ScriptChannel;
  /** What an earlier gateway left. */
  readonly disk?: MemoryDisk;
  readonly clock?: FakeClock;
  readonly alerts?: ReturnType<typeof quietAlerts>;
  readonly harnesses?: ReadonlyMap<string, ScriptHarness>;
}

export interface Rig {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly disk: MemoryDisk;
  readonly harnesses: ReadonlyMap<string, ScriptHarness>;
  readonly channel: ScriptChannel;
  readonly pipeline: Pipeline;
  readonly availability: ProbedAvailability;
  readonly roster: Registry;
  readonly generation: Generation;
  readonly log: LogLine[];
  readonly events: GatewayEvent[];
  harness(id: string): ScriptHarness;
  /** One message from a chat; resolves when it is stored. */
  say(text: string, change?: Partial<InboundMessage>, body?: Partial<MessageBody>): Promise<Accepted>;
  /** Runs what is ready, then moves the clock on. */
  run(span?: number): Promise<void>;
  /** Texts that were sent, in order. */
  texts(): readonly string[];
  stop(): Promise<void>;
}

const OPEN: AccessConfig = { direct: { policy: "open", allow: [] }, groups: {} };
let said = 0;

export async function createRig(options: RigOptions = {}): Promise<Rig> {
  const clock = options.clock ?? createFakeClock();
  const disk = options.disk ?? createMemoryDisk();
  const store = await openMemoryStore(clock, disk);
  const list = (options.agents ?? [{}]).map(sampleAgent);
  const [first = sampleAgent(), ...rest] = list;
  const config = sampleConfig({ ...options.config, agents: { list: [first, ...rest] } });
  const ids = new Set(
    list.flatMap(({ model }) => [model.primary, ...model.fallbacks]).map((ref) => ref.split("/")[0] ?? ""),
  );
  const harnesses = options.harnesses ?? new Map([...ids].map((id) => [id, createScriptHarness(id)]));
  const plans = new Map(
    [...harnesses].map(([id, harness]) => [id, { id, kind: id, effectiveConfig: "", create: () => harness }]),
  );
  const channel = options.channel ?? createScriptChannel("telegram");
  const account = {
    kind: channel.kind,
    account: "default",
    access: options.access ?? OPEN,
    effectiveConfig: "",
    open: () => channel,
  } satisfies ChannelAccount;
  const generation = buildGeneration({
    number: 1,
    config,
    plans,
    accounts: [account],
    open: (plan) => plan.create({} as never),
  });
  const roster = createRegistry(generation);
  const log: LogLine[] = [];
  const events: GatewayEvent[] = [];
  let seed = 1;
  const random = {
    next: () => (seed = (seed * 16807) % 2147483647) / 2147483647,
    secret: () => Buffer.from(`${seed++}-secret`).toString("base64url"),
    uuid: () => `uuid-${seed++}`,
  };
  const availability = createAvailability({
    roster,
    clock,
    random,
    log: keepLog(log),
    metrics: noMetrics,
    probeDeadline: 15_000,
  });
  const pipeline = buildPipeline({
    store,
    roster,
    availability,
    clock,
    random,
    status: { report: () => reportOf(generation, availability, clock.now()), intakeOpen: () => true },
    blobs: {
      put: async (name) => name,
      reserve: async (name) => ({ key: name, path: `/blobs/${name}` }),
      path: (key) => `/blobs/${key}`,
    },
    ids: createIds(
      () => clock.now(),
      () => random.next(),
    ),
    log: keepLog(log),
    metrics: noMetrics,
    events: keepEvents(events),
    alerts: options.alerts ?? quietAlerts(),
    open: () => true,
    suspectStore: () => {},
  });
  pipeline.channels.set(`${channel.kind}/default`, channel);
  channel.onState(() => pipeline.outbox.poke());
  await availability.start();
  return {
    clock,
    store,
    disk,
    harnesses,
    channel,
    pipeline,
    availability,
    roster,
    generation,
    log,
    events,
    harness: (id) => harnesses.get(id) ?? createScriptHarness(id),
    async say(text, change = {}, body = {}) {
      said += 1;
      const message: InboundMessage = {
        kind: "message",
        address: { channel: channel.kind, account: "default", conversation: "100" },
        dedupeKey: `said-${said}`,
        sender: { id: "100", name: "Ada" },
        body: sampleBody({ text, ...body }),
        addressed: true,
        ...change,
      };
      const [accepted] = await pipeline.intake.accept({
        channel: channel.kind,
        account: "default",
        items: [message],
      });
      if (accepted === undefined) throw new TypeError("one item gives one outcome");
      return accepted;
    },
    async run(span = 0) {
      await settle(12);
      await clock.advance(span);
      await settle(12);
    },
    texts: () => channel.sent.map(({ delivery }) => delivery.body.text),
    async stop() {
      availability.stop();
      const drained = pipeline.lanes.drain(0);
      await clock.advance(1000);
      await drained;
      const flushed = pipeline.outbox.drain(0);
      await clock.advance(1000);
      await flushed;
    },
  };
}

/** The parts of a report that chat commands read. */
function reportOf(generation: Generation, availability: ProbedAvailability, now: number): StatusReport {
  const agents = [...generation.agents.keys()].map((id) => {
    const candidates = availability.of(id);
    return { id, candidates, servable: candidates.some(({ available }) => available) };
  });
  const served = agents.every(({ servable }) => servable);
  return {
    status: served ? "ready" : "holding",
    version: "0",
    startedAt: now,
    generation: 1,
    failing: [],
    degraded: [],
    agents,
    harnesses: [],
    channels: [],
    waiting: 0,
    held: 0,
    custody: "C0",
  };
}
