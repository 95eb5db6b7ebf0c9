/**
 * The walk of a message, put together by hand:
 * channel → inbox → router → session lane → harness → outbox → channel.
 */
import type { Address } from "../core/address.ts";
import type { Entry } from "../core/entry.ts";
import { messageOf, RollcallError, toRollcallError } from "../core/errors.ts";
import type { Ids, SessionKey } from "../core/ids.ts";
import { entrySubject } from "../core/poison.ts";
import { SECOND } from "../core/time.ts";
import { runControl } from "../inbox/control.ts";
import { createDecide } from "../inbox/decide.ts";
import { createInbox } from "../inbox/accept.ts";
import { createOutbox } from "../outbox/outbox.ts";
import type { Dispatcher } from "../outbox/dispatcher.ts";
import type { AlertDesk, Alerts } from "../ports/alerts.ts";
import type { Availability } from "../ports/availability.ts";
import type { Blobs } from "../ports/blobs.ts";
import type { Channel } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import { unguarded, type Guard } from "../ports/guard.ts";
import type { Intake } from "../ports/intake.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Operate } from "../ports/operate.ts";
import type { Outbox, WaitingAnswers } from "../ports/outbox.ts";
import type { IntakeClosed, Pressure } from "../ports/pressure.ts";
import type { Processes } from "../ports/process.ts";
import type { Random } from "../ports/random.ts";
import type { PinningRoster } from "../ports/roster.ts";
import type { Status } from "../ports/status.ts";
import type { Store } from "../ports/store.ts";
import { admit } from "../router/access.ts";
import { route } from "../router/route.ts";
import { createLanes, type Lanes } from "../sessions/lanes.ts";
import { createOperate } from "../sessions/operate.ts";
import { createRecovery, type Recovery } from "../sessions/recover.ts";
import { reasonText } from "../sessions/texts.ts";
import { targetOf } from "../sessions/turn-deps.ts";
import { createPatientStore } from "../store/patient-store.ts";
import { createFileFetcher } from "./files.ts";
import { createLife } from "./life.ts";
import { pairingText } from "./pairing-text.ts";
import { rerunFacts } from "./rerun-facts.ts";

export interface PipelineInput {
  readonly store: Store;
  /** Every decision is read from it, when it is made. */
  readonly roster: PinningRoster;
  readonly availability: Availability;
  readonly status: Status;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: Events;
  readonly alerts: Alerts & AlertDesk;
  /** Whether new messages are taken. */
  readonly open: () => boolean;
  /** What watches over this process's own work; nothing does when absent. */
  readonly guard?: Guard;
  /** Whether more can be taken; always when absent. */
  readonly pressure?: Pressure;
  /** A write of the inbox failed. */
  readonly suspectStore: () => void;
}

export interface Pipeline {
  readonly intake: Intake;
  readonly operate: Operate;
  readonly lanes: Lanes;
  readonly outbox: Outbox & Dispatcher & WaitingAnswers;
  /** Channels by `kind/account`, filled while the channels are opened. */
  readonly channels: Map<string, Channel>;
  /** Decides on what an earlier gateway left running: made once, at a start. */
  readonly recovery: (processes: Processes) => Recovery;
  /** Looks at everything that waits in the store. */
  resume(): Promise<void>;
}

export function buildPipeline(input: PipelineInput): Pipeline {
  const channels = new Map<string, Channel>();
  const way = buildWay(input, channels);
  const begin = createBeginning(input, way);
  const { store } = input;
  return {
    ...way,
    channels,
    intake: buildDoor(input, way, (entries) => begin.accepted(entries)),
    async resume() {
      for (const entry of await store.pendingControls()) begin.control(entry);
      for (const session of await store.waitingSessions()) way.lanes.wake(session);
    },
  };
}

type Way = Pick<Pipeline, "operate" | "lanes" | "outbox" | "recovery">;

/** From the lane to the channel. */
function buildWay(input: PipelineInput, channels: ReadonlyMap<string, Channel>): Way {
  const { store, roster, availability, clock, random, ids, metrics, events, blobs, alerts } = input;
  const log = (component: string): Log => input.log.child(component);
  const channel = (address: Address): Channel | undefined =>
    channels.get(`${address.channel}/${address.account}`);
  const patient = createPatientStore(store, clock);
  const shared = { store: patient, clock, random, ids, metrics, events, alerts };
  const outbox = createOutbox({ ...shared, channel, log: log("outbox") });
  const fetchFiles = createFileFetcher({
    blobs,
    clock,
    log: log("files"),
    channel: (entry) => channel(entry.address),
  });
  const outagesTold = new Map<SessionKey, number>();
  const turns = {
    ...shared,
    roster,
    availability,
    outbox,
    fetchFiles,
    outagesTold,
    guard: input.guard ?? unguarded,
  };
  const recovering = new Set<SessionKey>();
  const lanes = createLanes({
    ...turns,
    recovering,
    life: createLife(clock, channel),
    log: log("lanes"),
  });
  const recovery = (processes: Processes): Recovery =>
    createRecovery({
      ...turns,
      processes,
      recovering,
      log: log("recover"),
      agent: (id) => roster.current().agents.get(id),
      wake: (session) => lanes.wake(session),
    });
  const reachable = (to: Address): boolean => channel(to) !== undefined;
  const operate = createOperate({
    store,
    lanes,
    outbox,
    roster,
    clock,
    ids,
    events,
    reachable,
    running: rerunFacts(input, { ...turns, log: log("operate") }),
    retryCandidates: (agent) => availability.retry(agent),
    log: log("operate"),
  });
  return { operate, lanes, outbox, recovery };
}

/** How soon a command is carried out again that a full disk has cut off. */
const CONTROL_AGAIN = 5 * SECOND;

interface Beginning {
  /** What was accepted begins its walk. */
  accepted(entries: readonly Entry[]): void;
  /** A chat command bypasses the lane. */
  control(entry: Entry): void;
}

function createBeginning(input: PipelineInput, { operate, lanes, outbox }: Way): Beginning {
  const { store, status, alerts, clock, ids, events, roster, guard = unguarded } = input;
  const log = input.log.child("control");
  const control = (entry: Entry): void => {
    const deps = { store, operate, outbox, alerts, clock, ids, status, log, reason: reasonText };
    const run = (): Promise<void> => runControl(deps, entry);
    guard.run("command", [entrySubject(entry.id)], run).catch((error: unknown) => {
      log.error("control.failed", { id: entry.id, error: messageOf(error) });
      // Each command may be repeated without harm, and nothing else would end this one before the next start.
      if (toRollcallError(error).code === "store-full") clock.timer(CONTROL_AGAIN, () => control(entry));
    });
  };
  const begin = (entry: Entry): void => {
    const kept = entry.state === "quarantined";
    if (!kept && entry.role !== "operator") outbox.acknowledge(targetOf([entry]), "accepted");
    events.publish({
      type: "message",
      id: entry.id,
      conversation: entry.address.conversation,
      state: entry.state,
    });
    if (kept) return;
    if (entry.kind === "control") return control(entry);
    if (roster.current().agents.get(entry.agent)?.midTurn === "interrupt") lanes.interrupt(entry.session);
    lanes.wake(entry.session);
  };
  return { control, accepted: (entries) => entries.forEach(begin) };
}

/** From the channel to the lane. */
function buildDoor(input: PipelineInput, { outbox }: Way, accepted: Beginning["accepted"]): Intake {
  const { store, clock, random, ids, metrics, roster, open, suspectStore, pressure } = input;
  const decide = createDecide({ store, clock, random, ids, roster, pairingText, routing: { admit, route } });
  const noticed = (): void => outbox.wake();
  const inbox = createInbox({
    store,
    metrics,
    decide,
    accepted,
    noticed,
    open,
    took: (entries, bytes) => pressure?.took(entries, bytes),
    log: input.log.child("inbox"),
  });
  const closed = (): IntakeClosed | null => pressure?.closed() ?? null;
  return {
    closed,
    async accept(batch) {
      const why = closed();
      if (why !== null) throw new RollcallError(why.code, { detail: why.detail });
      try {
        return await inbox.accept(batch);
      } catch (error) {
        suspectStore();
        throw error;
      }
    },
  };
}
