/**
 * The canary: a message of the gateway's own, from time to time, through the whole way of a message: intake → lane →
 * harness → outbox. What no probe sees, because every part by itself is well, is seen when its answer doesn't come.
 *
 * due → in flight → answered | failed (with the step at which it stopped) | held | cancelled
 *
 * Of each agent at most one is in flight, across restarts too, and none is sent while the agent can't be served.
 */
import { canaryAddress } from "../core/canary.ts";
import type { AgentConfig } from "../core/config.ts";
import { WAITING_STATES, type Entry, type EntryState } from "../core/entry.ts";
import { messageOf, RollcallError } from "../core/errors.ts";
import type { MessageId, SessionKey } from "../core/ids.ts";
import { MINUTE, SECOND, type Duration } from "../core/time.ts";
import type { Alerts } from "../ports/alerts.ts";
import type { Availability } from "../ports/availability.ts";
import type { Clock } from "../ports/clock.ts";
import type { Intake } from "../ports/intake.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Operate } from "../ports/operate.ts";
import type { Random } from "../ports/random.ts";
import type { Roster } from "../ports/roster.ts";
import type { ReadStore, StoredMessage } from "../ports/store.ts";
import { judge, type CanaryStep, type CanaryVerdict } from "./canary-steps.ts";

export interface CanaryDeps {
  readonly roster: Roster;
  readonly availability: Pick<Availability, "of">;
  readonly intake: Intake;
  readonly operate: Pick<Operate, "cancel" | "resetSession">;
  readonly store: Pick<ReadStore, "message" | "messages">;
  readonly clock: Clock;
  readonly random: Pick<Random, "uuid">;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly alerts?: Pick<Alerts, "raise" | "resolve">;
  /** Whether messages are taken now. */
  readonly open: () => boolean;
}

export interface Canary {
  start(): void;
  stop(): void;
}

const LOOK_EVERY = SECOND;
const REST_AFTER_FAULT = 30 * SECOND;
/** An answer that comes later than this, or than the agent's own limit of a turn, is no answer. */
export const CANARY_WITHIN = 5 * MINUTE;
const TEXT =
  "This is a message of the gateway itself, to see that everything on the way to you works. Use no tools and answer with one word: ok";

interface Flight {
  readonly id: MessageId;
  /** Monotonic. */
  readonly deadline: Duration;
  /** It came out as failed already; it is only waited for. */
  over: boolean;
}

/** One agent's canary. */
interface Bird {
  readonly agent: string;
  /** Monotonic; null until the store was asked for the last one. */
  nextAt: Duration | null;
  /** Not looked at before; monotonic. */
  restUntil: Duration;
  flight: Flight | null;
  session: SessionKey | null;
  busy: boolean;
  failed: boolean;
}

interface State {
  readonly deps: CanaryDeps;
  readonly birds: Map<string, Bird>;
}

export function createCanary(deps: CanaryDeps): Canary {
  const state: State = { deps, birds: new Map() };
  let cancel = (): void => {};
  const look = (): void => {
    cancel = deps.clock.timer(LOOK_EVERY, look);
    lookAtAll(state);
  };
  return { start: look, stop: () => cancel() };
}

function lookAtAll({ deps, birds }: State): void {
  const { agents, accounts } = deps.roster.current();
  const wanted = (agent: AgentConfig | undefined): boolean =>
    agent?.canary.every !== undefined && accounts.has("web/default");
  for (const agent of agents.values())
    if (wanted(agent) && !birds.has(agent.id)) birds.set(agent.id, newBird(agent.id));
  for (const bird of birds.values()) {
    const agent = agents.get(bird.agent);
    if (!bird.busy && bird.flight === null && !wanted(agent)) forget(deps, birds, bird);
    else void lookAt(deps, bird, agent);
  }
}

function newBird(agent: string): Bird {
  return { agent, nextAt: null, restUntil: 0, flight: null, session: null, busy: false, failed: false };
}

/** Its agent has no canary any more: what it said last is nobody's concern. */
function forget(deps: CanaryDeps, birds: Map<string, Bird>, bird: Bird): void {
  birds.delete(bird.agent);
  if (bird.failed) deps.alerts?.resolve("canary-failed", subjectOf(bird));
}

async function lookAt(deps: CanaryDeps, bird: Bird, agent: AgentConfig | undefined): Promise<void> {
  if (bird.busy || deps.clock.monotonic() < bird.restUntil) return;
  bird.busy = true;
  try {
    if (bird.flight !== null) await follow(deps, bird, bird.flight);
    else if (agent === undefined) return;
    else if (bird.nextAt === null) await remember(deps, bird, agent);
    else if (isDue(deps, bird, agent)) await send(deps, bird, agent);
  } catch (error) {
    bird.restUntil = deps.clock.monotonic() + REST_AFTER_FAULT;
    deps.log.warn("canary.fault", { agent: bird.agent, error: messageOf(error) });
  } finally {
    bird.busy = false;
  }
}

/** What an earlier gateway left: the pause goes on across a restart, and so does a flight. */
async function remember(deps: CanaryDeps, bird: Bird, agent: AgentConfig): Promise<void> {
  const every = agent.canary.every ?? 0;
  const { clock, store } = deps;
  const [last] = await store.messages({ conversation: canaryAddress(bird.agent), limit: 1 });
  if (last !== undefined && isWaiting(last.entry)) bird.flight = flightOf(deps, agent, last.entry.id);
  bird.session = last?.entry.session ?? null;
  const rest = last === undefined ? 0 : last.entry.acceptedAt + every - clock.now();
  bird.nextAt = clock.monotonic() + Math.min(Math.max(0, rest), every);
}

function isWaiting({ state }: Entry): boolean {
  return (WAITING_STATES as readonly EntryState[]).includes(state);
}

function flightOf({ clock }: CanaryDeps, agent: AgentConfig, id: MessageId): Flight {
  return { id, deadline: clock.monotonic() + Math.min(CANARY_WITHIN, agent.turn.total), over: false };
}

function isDue({ clock, availability, open }: CanaryDeps, bird: Bird, agent: AgentConfig): boolean {
  if (bird.nextAt === null || agent.canary.every === undefined || clock.monotonic() < bird.nextAt)
    return false;
  return open() && availability.of(bird.agent).some(({ available }) => available);
}

async function send(deps: CanaryDeps, bird: Bird, agent: AgentConfig): Promise<void> {
  const { intake, operate, clock } = deps;
  bird.nextAt = clock.monotonic() + (agent.canary.every ?? 0);
  try {
    // Afresh each time: what was said before would only be paid for again.
    if (bird.session !== null) await operate.resetSession(bird.session);
    const { channel, account } = canaryAddress(bird.agent);
    const [result] = await intake.accept({ channel, account, items: [messageTo(deps, bird)] });
    if (result?.outcome !== "accepted")
      throw new RollcallError(result?.outcome === "refused" ? result.code : "bug");
    bird.session = result.entry.session;
    bird.flight = flightOf(deps, agent, result.entry.id);
  } catch (error) {
    const code = error instanceof RollcallError ? error.code : "bug";
    // A gateway that is stopping takes nothing from anybody.
    if (code !== "draining") fail(deps, bird, { id: null, step: "accepted", code });
  }
}

function messageTo(
  { clock, random }: CanaryDeps,
  { agent }: Bird,
): Parameters<Intake["accept"]>[0]["items"][number] {
  return {
    kind: "message",
    address: canaryAddress(agent),
    dedupeKey: `canary:${random.uuid()}`,
    sender: { id: "rollcall", name: "Rollcall" },
    role: "operator",
    agent,
    addressed: true,
    body: { text: TEXT, attachments: [], chat: { kind: "direct" }, sentAt: clock.now(), canary: true },
  };
}

async function follow(deps: CanaryDeps, bird: Bird, flight: Flight): Promise<void> {
  const { clock, store, operate } = deps;
  const stored = await store.message(flight.id);
  const verdict = judge(stored, clock.monotonic() >= flight.deadline);
  if (verdict.kind === "flying") return;
  if (!flight.over) settle(deps, bird, flight.id, verdict, stored);
  flight.over = true;
  if (stored === null || !isWaiting(stored.entry)) bird.flight = null;
  // What has its answer only waits to be sent; anything else is taken out, so that nothing piles up.
  else if (stored.entry.state !== "answered") await operate.cancel(flight.id);
}

function settle(
  deps: CanaryDeps,
  bird: Bird,
  id: MessageId,
  verdict: Exclude<CanaryVerdict, { kind: "flying" }>,
  stored: StoredMessage | null,
): void {
  const { metrics, log, alerts } = deps;
  if (verdict.kind === "failed") return fail(deps, bird, { id, step: verdict.step, code: verdict.code });
  metrics.count("canary_total", { agent: bird.agent, outcome: verdict.kind });
  if (verdict.kind !== "answered" || stored === null) return;
  const end = stored.history.findLast(({ event }) => event === "done")?.at ?? stored.entry.acceptedAt;
  const ms = Math.max(0, end - stored.entry.acceptedAt);
  metrics.observe("canary_seconds", ms / 1000, { agent: bird.agent });
  log.info("canary.answered", { agent: bird.agent, id, ms });
  bird.failed = false;
  // Also one that an earlier gateway left open.
  alerts?.resolve("canary-failed", subjectOf(bird));
}

function fail(
  { metrics, log, alerts }: CanaryDeps,
  bird: Bird,
  how: { readonly id: MessageId | null; readonly step: CanaryStep; readonly code: string | null },
): void {
  bird.failed = true;
  metrics.count("canary_total", { agent: bird.agent, outcome: "failed" });
  const why = how.code === null ? "" : ` (${how.code})`;
  const summary = `A message of the gateway's own to agent ${bird.agent} wasn't ${how.step}${why}.`;
  log.error("canary.failed", { agent: bird.agent, ...how }, summary);
  alerts?.raise({ code: "canary-failed", subject: subjectOf(bird), summary, agent: bird.agent });
}

function subjectOf({ agent }: Bird): string {
  return `agent/${agent}`;
}
