import type { AgentConfig } from "../core/config.ts";
import type { Entry, Hold } from "../core/entry.ts";
import type { IncidentId, SessionKey } from "../core/ids.ts";
import { HOUR, type Instant } from "../core/time.ts";
import type { CandidateState } from "../ports/availability.ts";
import { TEXTS, untilText } from "./texts.ts";
import { publishStates, targetOf, type TurnDeps } from "./turn-deps.ts";

/** Messages that wait for an agent that can't serve. They are never failed for that before their hold ends. */
export interface Holds {
  /**
   * Holds what waits in a session, and remembers to wake it. True when messages came to their hold's end, so that the
   * lane should look again.
   */
  hold(session: SessionKey, waiting: readonly Entry[], agent: AgentConfig | undefined): Promise<boolean>;
  close(): void;
}

/** Longest hold of an agent that is no longer configured. */
const ORPHAN_MAX = 24 * HOUR;

interface Outage {
  readonly incident: IncidentId;
  readonly sessions: Map<SessionKey, () => void>;
}

export function createHolds(deps: TurnDeps, wake: (session: SessionKey) => void): Holds {
  const outages = new Map<string, Outage>();
  const release = (agent: string): void => {
    const outage = outages.get(agent);
    if (outage === undefined || !deps.availability.of(agent).some(({ available }) => available)) return;
    outages.delete(agent);
    for (const [session, cancel] of outage.sessions) {
      cancel();
      wake(session);
    }
  };
  const unsubscribe = deps.availability.onChange(release);
  return {
    async hold(session, waiting, agent) {
      const id = agent?.id ?? waiting[0]?.agent ?? "";
      const outage = outages.get(id) ?? {
        incident: deps.ids.incident(),
        sessions: new Map<SessionKey, () => void>(),
      };
      outages.set(id, outage);
      outage.sessions.get(session)?.();
      outage.sessions.set(session, () => {});
      const now = deps.clock.now();
      const max = agent?.hold.max ?? ORPHAN_MAX;
      const expired = waiting.filter((entry) => entry.hold !== null && now - entry.hold.since >= max);
      if (expired.length > 0) {
        await expire(deps, expired, max, now);
        return true;
      }
      const why = deps.availability.of(id)[0];
      // Right after a start the first probe is on its way: that is no outage yet.
      if (why?.code === "harness-unproven") return false;
      await enter(deps, waiting, {
        code: why?.code ?? "agent-unknown",
        since: now,
        incident: outage.incident,
      });
      outage.sessions.set(session, schedule(deps, session, waiting, { outage, why, agent, max, now }, wake));
      return false;
    },
    close() {
      unsubscribe();
      for (const outage of outages.values()) for (const cancel of outage.sessions.values()) cancel();
      outages.clear();
    },
  };
}

async function enter(deps: TurnDeps, waiting: readonly Entry[], hold: Hold): Promise<void> {
  const fresh = waiting.filter(({ state }) => state === "queued");
  if (fresh.length === 0) return;
  const moves = fresh.map(({ id, attempt }) => ({
    id,
    from: "queued" as const,
    attempt,
    to: "held" as const,
    hold,
    event: "held",
    data: { code: hold.code },
  }));
  if (!(await deps.store.move(moves, [], deps.clock.now()))) return;
  deps.log.warn("message.held", { ids: fresh.map(({ id }) => id), code: hold.code, incident: hold.incident });
  publishStates(deps, fresh, "held");
}

async function expire(deps: TurnDeps, entries: readonly Entry[], max: number, now: Instant): Promise<void> {
  const moves = entries.map(({ id, attempt }) => ({
    id,
    from: "held" as const,
    attempt,
    to: "dead" as const,
    event: "hold-expired",
  }));
  const deliveries = entries.map((entry) => ({
    ...noticeTo(deps, entry, TEXTS.expired(max), `expired:${entry.id}`),
  }));
  await deps.store.move(moves, deliveries, now);
  deps.log.warn("message.dead", { entries: entries.map(({ id }) => id), code: "agent-unavailable" });
  publishStates(deps, entries, "dead");
  deps.outbox.wake();
}

interface HoldFacts {
  readonly outage: Outage;
  readonly why: CandidateState | undefined;
  readonly agent: AgentConfig | undefined;
  readonly max: number;
  readonly now: Instant;
}

/** One notice per conversation and outage after `noticeAfter`, and a look when the oldest hold ends. */
function schedule(
  deps: TurnDeps,
  session: SessionKey,
  waiting: readonly Entry[],
  facts: HoldFacts,
  wake: (session: SessionKey) => void,
): () => void {
  const oldest = Math.min(...waiting.map(({ hold }) => hold?.since ?? facts.now));
  const cancelEnd = deps.clock.timer(Math.max(0, oldest + facts.max - facts.now), () => wake(session));
  const cancelNotice = deps.clock.timer(
    facts.agent?.hold.noticeAfter ?? 0,
    () => void notice(deps, session, waiting, facts),
  );
  return () => {
    cancelEnd();
    cancelNotice();
  };
}

async function notice(
  deps: TurnDeps,
  session: SessionKey,
  waiting: readonly Entry[],
  { outage, why }: HoldFacts,
): Promise<void> {
  const last = waiting.at(-1);
  if (last === undefined) return;
  const text =
    why?.code === "harness-limit"
      ? TEXTS.heldUntil(untilText(why.until ?? undefined))
      : TEXTS.held(outage.incident);
  await deps.store.addDelivery(noticeTo(deps, last, text, `held:${session}:${outage.incident}`));
  deps.outbox.wake();
}

function noticeTo(
  deps: TurnDeps,
  entry: Entry,
  text: string,
  key: string,
): Parameters<TurnDeps["store"]["addDelivery"]>[0] {
  const { address, quote } = targetOf([entry]);
  return {
    id: deps.ids.delivery(),
    key,
    kind: "notice",
    address,
    body: { text, format: "plain", ...(quote !== null && { quote }) },
    entry: entry.id,
    turn: null,
    part: 0,
    createdAt: deps.clock.now(),
  };
}
