/**
 * Messages that wait for an agent that can't serve. They are never failed for that before their hold ends.
 *
 * queued → held → (the agent is back) → running, or asked first when they waited long; → dead at the hold's end
 *
 * Keeps: I4 (a hold ends), I13 (a fault of ours holds a message, it never fails it).
 */
import { formatAddress } from "../core/address.ts";
import type { AgentConfig } from "../core/config.ts";
import type { Entry, Hold } from "../core/entry.ts";
import { messageOf } from "../core/errors.ts";
import type { SessionKey } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { CandidateState } from "../ports/availability.ts";
import { createHoldAges } from "./hold-ages.ts";
import { endHold, enterHold, noticeTo } from "./hold-notices.ts";
import { createOutages, type Outage, type Wait } from "./outages.ts";
import { askStale, createQuestions, isAsked, ORPHAN_MAX, staleOf } from "./questions.ts";
import { TEXTS, untilText } from "./texts.ts";
import { targetOf, type TurnDeps } from "./turn-deps.ts";

export interface Holds {
  /**
   * Holds what waits in a session, and remembers to wake it. True when messages came to their hold's end, so that the
   * lane should look again.
   *
   * @param own the candidate that they wait for, when the agent itself can be served; null otherwise
   */
  hold(
    session: SessionKey,
    waiting: readonly Entry[],
    agent: AgentConfig | undefined,
    own: CandidateState | null,
  ): Promise<boolean>;
  /** Asks about what waited too long to be run without a word. True when it asked: the lane looks again. */
  ask(waiting: readonly Entry[], agent: AgentConfig): Promise<boolean>;
  /** Sees to it that a question that nobody answers comes to its end. */
  watchAsked(session: SessionKey, asked: readonly Entry[], agent: AgentConfig | undefined): Promise<void>;
  close(): void;
}

export function createHolds(deps: TurnDeps, wake: (session: SessionKey) => void): Holds {
  const ages = createHoldAges(deps.clock);
  const questions = createQuestions(deps, ages, wake);
  const outages = createOutages(deps, wake);
  const unsubscribe = deps.availability.onChange((agent) => {
    if (deps.availability.of(agent).some(({ available }) => available)) outages.heal(agent);
    else outages.reopen(agent);
  });
  return {
    async hold(session, waiting, agent, own) {
      const id = agent?.id ?? waiting[0]?.agent ?? "";
      const outage = outages.join(id, waiting);
      const known = outage.sessions.get(session);
      const wait: Wait = known ?? { cancelEnd: () => {}, cancelNotice: null };
      // Before anything is waited for: a heal in the meantime must find the lane.
      outage.sessions.set(session, wait);
      const max = agent?.hold.max ?? ORPHAN_MAX;
      const expired = waiting.filter((entry) => entry.hold !== null && ages.of(entry) >= max);
      if (expired.length > 0) {
        await endHold(deps, expired, TEXTS.expired(max), "hold-expired");
        return true;
      }
      const code = (own ?? whyOf(deps, id))?.code ?? "agent-unknown";
      // Right after a start the first probe is on its way: that is no outage yet.
      wait.unproven = code === "harness-unproven" && waiting.every(({ state }) => state === "queued");
      if (code === "harness-unproven") return false;
      const incident = deps.alerts?.incidentOf(id)?.id ?? outage.incident;
      const entering: Hold = { code, since: deps.clock.now(), incident };
      const held = await enterHold(deps, waiting, entering);
      // From now on by the clock that doesn't jump.
      for (const { id: entry } of held) ages.of({ id: entry, hold: entering });
      if (outage.sessions.get(session) !== wait) return false;
      const left = Math.min(...waiting.map((entry) => max - ages.of(entry)));
      wait.cancelEnd();
      wait.cancelEnd = deps.clock.timer(Math.max(0, left), () => wake(session));
      // Of what comes after the first notice another conversation of the session may know nothing yet.
      if (wait.cancelNotice === null || (held.length > 0 && wait.told === true))
        wait.cancelNotice = telling(deps, wait, agent?.hold.noticeAfter ?? 0, () =>
          tell(deps, session, id, outage),
        );
      return false;
    },
    async ask(waiting, agent) {
      const stale = staleOf(waiting, agent, ages);
      if (stale.length === 0) return false;
      await askStale(deps, stale, ages);
      return true;
    },
    watchAsked: (session, asked, agent) => questions.watch(session, asked, agent),
    close() {
      unsubscribe();
      outages.close();
      questions.close();
    },
  };
}

/** What is said of an agent that can't serve: its primary's reason. */
function whyOf({ availability }: TurnDeps, agent: string): CandidateState | undefined {
  return availability.of(agent)[0];
}

/** How soon a notice that could not be stored is tried again: the disk may be full for a while. */
const UNTOLD_AGAIN: Duration = 5 * SECOND;

/** Tells after a while, again and again until it is stored. Returns its cancellation. */
function telling(deps: TurnDeps, wait: Wait, after: Duration, say: () => Promise<void>): () => void {
  wait.told = false;
  const failed = (error: unknown): void => {
    deps.log.error("hold.untold", { error: messageOf(error) });
    wait.cancelNotice = telling(deps, wait, UNTOLD_AGAIN, say);
  };
  return deps.clock.timer(after, () => void say().then(() => (wait.told = true), failed));
}

/** One notice per conversation and outage: a session may have several conversations. */
async function tell(deps: TurnDeps, session: SessionKey, agent: string, outage: Outage): Promise<void> {
  const waiting = await deps.store.waiting(session, LIMITS.waitingPerSession);
  const lasts = new Map<string, Entry>();
  for (const entry of waiting)
    if (entry.state === "held" && !isAsked(entry)) lasts.set(formatAddress(targetOf([entry]).address), entry);
  if (lasts.size === 0) return;
  const why = whyOf(deps, agent);
  const known = deps.alerts?.incidentOf(agent) ?? null;
  const text =
    why?.code === "harness-limit"
      ? TEXTS.heldUntil(untilText(why.until ?? undefined))
      : TEXTS.held(known?.id ?? outage.incident, known?.delivered ?? false);
  for (const [place, last] of lasts)
    await deps.store.addDelivery(noticeTo(deps, last, text, `held:${session}:${place}:${outage.incident}`));
  deps.outbox.wake();
}
