import type { Entry } from "../core/entry.ts";
import type { Ids, IncidentId, SessionKey } from "../core/ids.ts";
import { MINUTE, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import { rampDelay } from "./ramp.ts";

/** One time during which an agent can't be served, with the lanes that wait for its end. */
export interface Outage {
  /** Its own name, by which a conversation is told once. */
  readonly incident: IncidentId;
  /** Lanes that wait, the one that waits longest first. */
  readonly sessions: Map<SessionKey, Wait>;
}

/** The timers of a lane that waits. */
export interface Wait {
  cancelEnd: () => void;
  /** Null until its notice is planned. */
  cancelNotice: (() => void) | null;
  /** The notice that was to be given is stored. */
  told?: boolean;
  /** It waits for the first proof after a start alone: nothing has failed, so nothing has to be spared. */
  unproven?: boolean;
}

export interface Outages {
  /** The agent's outage, or a new one. What comes back within a minute is the same incident. */
  join(agent: string, waiting: readonly Entry[]): Outage;
  /** The agent can be served again: its lanes begin, a few at first. */
  heal(agent: string): void;
  /** It can't be served after all: what hasn't begun goes on waiting. */
  reopen(agent: string): void;
  close(): void;
}

/** A fault that comes back so soon is the same one. */
const REJOIN: Duration = MINUTE;

interface Kept extends Outage {
  healedAt: Duration | null;
  readonly beginning: Set<() => void>;
}

export function createOutages(
  deps: { readonly clock: Clock; readonly ids: Ids },
  wake: (session: SessionKey) => void,
): Outages {
  const outages = new Map<string, Kept>();
  const begin = (outage: Kept, session: SessionKey): void => {
    cancelWait(outage.sessions.get(session));
    outage.sessions.delete(session);
    wake(session);
  };
  const stopBeginning = (outage: Kept): void => {
    for (const cancel of outage.beginning) cancel();
    outage.beginning.clear();
  };
  return {
    join(agent, waiting) {
      const last = outages.get(agent);
      const over = last?.healedAt != null && deps.clock.monotonic() - last.healedAt > REJOIN;
      if (last !== undefined && !over) return last;
      // After a restart the outage goes on under the name that people were told.
      const before = last === undefined ? waiting.find(({ hold }) => hold?.incident != null)?.hold : null;
      const incident = before?.incident ?? deps.ids.incident();
      const outage: Kept = { incident, sessions: new Map(), healedAt: null, beginning: new Set() };
      if (last !== undefined) {
        stopBeginning(last);
        for (const [session, wait] of last.sessions) outage.sessions.set(session, wait);
      }
      outages.set(agent, outage);
      return outage;
    },
    heal(agent) {
      const outage = outages.get(agent);
      if (outage === undefined) return;
      stopBeginning(outage);
      outage.healedAt = deps.clock.monotonic();
      for (const [session, { unproven }] of outage.sessions) if (unproven) begin(outage, session);
      const sessions = [...outage.sessions.keys()];
      for (const [place, session] of sessions.entries()) {
        const delay = rampDelay(place, sessions.length);
        if (delay === 0) begin(outage, session);
        else outage.beginning.add(deps.clock.timer(delay, () => begin(outage, session)));
      }
    },
    reopen(agent) {
      const outage = outages.get(agent);
      if (outage !== undefined) stopBeginning(outage);
    },
    close() {
      for (const outage of outages.values()) {
        stopBeginning(outage);
        for (const wait of outage.sessions.values()) cancelWait(wait);
      }
      outages.clear();
    },
  };
}

function cancelWait(wait: Wait | undefined): void {
  wait?.cancelEnd();
  wait?.cancelNotice?.();
}
