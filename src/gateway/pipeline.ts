/**
 * The walk of a message, put together by hand:
 * channel → inbox → router → session lane → harness → outbox → channel.
 */
import type { Address } from "../core/address.ts";
import type { Config } from "../core/config.ts";
import type { Entry } from "../core/entry.ts";
import { messageOf } from "../core/errors.ts";
import type { Ids, SessionKey } from "../core/ids.ts";
import { runControl } from "../inbox/control.ts";
import { createDecide, type Routing } from "../inbox/decide.ts";
import { createInbox } from "../inbox/accept.ts";
import { createOutbox } from "../outbox/outbox.ts";
import type { Dispatcher } from "../outbox/dispatcher.ts";
import type { Availability } from "../ports/availability.ts";
import type { Blobs } from "../ports/blobs.ts";
import type { Channel, ChannelAccount } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Intake } from "../ports/intake.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Operate } from "../ports/operate.ts";
import type { Outbox } from "../ports/outbox.ts";
import type { Random } from "../ports/random.ts";
import type { Roster } from "../ports/roster.ts";
import type { Status } from "../ports/status.ts";
import type { Store } from "../ports/store.ts";
import { admit } from "../router/access.ts";
import { route } from "../router/route.ts";
import { createLanes, type LaneDeps, type Lanes } from "../sessions/lanes.ts";
import { createOperate } from "../sessions/operate.ts";
import { reasonText } from "../sessions/texts.ts";
import { targetOf } from "../sessions/turn-deps.ts";
import { createFileFetcher } from "./files.ts";
import { pairingText } from "./pairing-text.ts";

export interface PipelineInput {
  readonly config: Config;
  readonly accounts: readonly ChannelAccount[];
  readonly store: Store;
  readonly roster: Roster;
  readonly availability: Availability;
  readonly status: Status;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: Events;
  /** Whether new messages are taken. */
  readonly open: () => boolean;
  /** A write of the inbox failed. */
  readonly suspectStore: () => void;
}

export interface Pipeline {
  readonly intake: Intake;
  readonly operate: Operate;
  readonly lanes: Lanes;
  readonly outbox: Outbox & Dispatcher;
  /** Channels by `kind/account`, filled while the channels are opened. */
  readonly channels: Map<string, Channel>;
  /** Looks at everything that waits in the store. */
  resume(): Promise<void>;
}

export function buildPipeline(input: PipelineInput): Pipeline {
  const { store, roster, clock, random, ids, metrics, events } = input;
  const log = (component: string): Log => input.log.child(component);
  const channels = new Map<string, Channel>();
  const channelOf = (address: Address): Channel | undefined =>
    channels.get(`${address.channel}/${address.account}`);

  const outbox = createOutbox({
    store,
    clock,
    random,
    ids,
    metrics,
    events,
    log: log("outbox"),
    channel: channelOf,
  });
  const fetchFiles = createFileFetcher({
    blobs: input.blobs,
    clock,
    log: log("files"),
    channel: (entry) => channelOf(entry.address),
  });
  const laneDeps: LaneDeps = {
    store,
    roster,
    outbox,
    clock,
    random,
    ids,
    metrics,
    events,
    fetchFiles,
    availability: input.availability,
    log: log("lanes"),
    outagesTold: new Map<SessionKey, number>(),
  };
  const lanes = createLanes(laneDeps);
  const operate = createOperate({
    store,
    lanes,
    outbox,
    roster,
    clock,
    ids,
    events,
    log: log("operate"),
    reachable: (to) => channelOf(to) !== undefined,
  });

  const control = (entry: Entry): void => {
    const deps = {
      store,
      operate,
      outbox,
      clock,
      ids,
      status: input.status,
      log: log("control"),
      reason: reasonText,
    };
    runControl(deps, entry).catch((error: unknown) =>
      deps.log.error("control.failed", { id: entry.id, error: messageOf(error) }),
    );
  };
  const begin = (entry: Entry): void => {
    if (entry.role !== "operator") outbox.acknowledge(targetOf([entry]), "accepted");
    events.publish({
      type: "message",
      id: entry.id,
      conversation: entry.address.conversation,
      state: entry.state,
    });
    if (entry.kind === "control") return control(entry);
    if (roster.current().agents.get(entry.agent)?.midTurn === "interrupt") lanes.interrupt(entry.session);
    lanes.wake(entry.session);
  };
  const inbox = createInbox({
    store,
    metrics,
    log: log("inbox"),
    decide: createDecide({ store, clock, random, ids, pairingText, ...rulesOf(input) }),
    accepted: (entries) => entries.forEach(begin),
    noticed: () => outbox.wake(),
    open: input.open,
  });
  const intake: Intake = {
    async accept(batch) {
      try {
        return await inbox.accept(batch);
      } catch (error) {
        input.suspectStore();
        throw error;
      }
    },
  };
  return {
    intake,
    operate,
    lanes,
    outbox,
    channels,
    async resume() {
      for (const entry of await store.pendingControls()) control(entry);
      for (const session of await store.waitingSessions()) lanes.wake(session);
    },
  };
}

/** The router's pure decisions over the configuration that serves. */
function rulesOf({
  config,
  accounts,
  roster,
}: PipelineInput): Pick<
  Parameters<typeof createDecide>[0],
  "roster" | "routing" | "owners" | "access" | "bindings"
> {
  const access = new Map(accounts.map((account) => [`${account.kind}/${account.account}`, account.access]));
  const routing: Routing = {
    admit,
    route: (knock, rules) => {
      const { agents, firstAgent } = roster.current();
      return route(knock, { access: rules, bindings: config.bindings, agents, firstAgent });
    },
  };
  return {
    roster,
    routing,
    owners: () => config.owners,
    access: (channel, account) => access.get(`${channel}/${account}`),
    bindings: () => config.bindings,
  };
}
