import { backoffDelay, type Backoff } from "../core/backoff.ts";
import type { QueuedAlert } from "../core/alert.ts";
import { messageOf } from "../core/errors.ts";
import { MINUTE, SECOND, type Duration } from "../core/time.ts";
import type { AlertRoute } from "../ports/alert-route.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";
import { deliverEnd, type DeliverDeps } from "./deliver.ts";

/** Between rounds in which every route failed. */
const ROUNDS: Backoff = { first: SECOND, factor: 2, max: MINUTE, jitter: 0.1 };
/** Alerts of one incident that may wait; beyond it the oldest reminders go. */
const MOST_WAITING = 3;

export interface QueueDeps extends DeliverDeps {
  readonly random: Random;
  readonly log: Log;
  readonly routes: () => readonly AlertRoute[];
  /** Names of the routes that have told of an incident. */
  readonly tellers: (incident: string) => readonly string[];
  /** Before the first try: resolves when the alert is kept, or has waited for that long enough. */
  readonly keep: (queued: QueuedAlert) => Promise<void>;
  /** An alert has come to its end. */
  readonly ended: (queued: QueuedAlert, waited: Duration) => void;
}

/** Alerts on their way to the operator: those of one incident in order, incidents beside each other. */
export interface AlertQueue {
  /** @param kept whether it comes from where it was kept */
  add(queued: QueuedAlert, kept: boolean): void;
  /** A way out may be open again: what waits for its next round is tried at once. */
  poke(): void;
  /** Whether an alert of this incident is on its way. */
  holds(incident: string): boolean;
  /** Whether something waits whose last round reached nobody. */
  stuck(): boolean;
  /** Resolves when nothing is in its first round, or past `within`. */
  settled(within: Duration): Promise<void>;
  /** Nothing more begins. */
  stop(): void;
}

interface Line {
  readonly waiting: { readonly queued: QueuedAlert; readonly begun: Duration; kept: boolean }[];
  busy: boolean;
  rounds: number;
  cancel: () => void;
}

export function createQueue(deps: QueueDeps): AlertQueue {
  const lines = new Map<string, Line>();
  const life = { stopped: false };
  const end = (line: Line, queued: QueuedAlert): void => {
    const first = line.waiting.shift();
    deps.ended(queued, deps.clock.monotonic() - (first?.begun ?? 0));
  };
  const pump = async (key: string, line: Line): Promise<void> => {
    if (line.busy) return;
    line.busy = true;
    line.cancel();
    for (let head = line.waiting[0]; head !== undefined && !life.stopped; head = line.waiting[0]) {
      if (!head.kept) await deps.keep(head.queued);
      head.kept = true;
      const routes = deps.routes();
      if (routes.length === 0) {
        end(line, { ...head.queued, state: "logged" });
        continue;
      }
      const route = await sendOne(deps, routes, head.queued);
      if (route === null) {
        line.rounds += 1;
        const delay = backoffDelay(ROUNDS, line.rounds, deps.random.next());
        if (!life.stopped) line.cancel = deps.clock.timer(delay, () => go(key, line));
        break;
      }
      line.rounds = 0;
      end(line, { ...head.queued, state: "delivered", route });
      poke(key);
    }
    line.busy = false;
    if (line.waiting.length === 0) lines.delete(key);
  };
  const go = (key: string, line: Line): void => {
    pump(key, line).catch((error: unknown) => {
      line.busy = false;
      deps.log.error("alert.fault", { error: messageOf(error) });
    });
  };
  const poke = (except?: string): void => {
    for (const [key, line] of lines) if (key !== except && line.rounds > 0 && !life.stopped) go(key, line);
  };
  return {
    add(queued, kept) {
      const key = queued.alert.incident;
      const line = lines.get(key) ?? { waiting: [], busy: false, rounds: 0, cancel: () => {} };
      lines.set(key, line);
      line.waiting.push({ queued, begun: deps.clock.monotonic(), kept });
      for (const old of surplus(line)) deps.ended({ ...old, state: "dropped" }, 0);
      // A new word is a new try: nobody waits for a backoff with it.
      go(key, line);
    },
    poke: () => poke(),
    holds: (incident) => lines.has(incident),
    stuck: () => [...lines.values()].some((line) => line.rounds > 0),
    async settled(within) {
      const until = deps.clock.monotonic() + within;
      const inFirstRound = (): boolean => [...lines.values()].some((line) => line.busy && line.rounds === 0);
      while (inFirstRound() && deps.clock.monotonic() < until) await deps.clock.sleep(20);
    },
    stop() {
      life.stopped = true;
      for (const line of lines.values()) line.cancel();
    },
  };
}

function sendOne(
  deps: QueueDeps,
  routes: readonly AlertRoute[],
  { alert }: QueuedAlert,
): Promise<string | null> {
  const tellers = alert.kind === "resolved" ? deps.tellers(alert.incident) : [];
  return deliverEnd(deps, routes, tellers, alert);
}

/** Takes what need not be said any more out of a line that got long: never its head, which may be on its way. */
function surplus(line: Line): readonly QueuedAlert[] {
  const dropped: QueuedAlert[] = [];
  while (line.waiting.length > MOST_WAITING) {
    const at = line.waiting.findIndex(({ queued }, i) => i > 0 && queued.alert.kind !== "resolved");
    const [old] = line.waiting.splice(at === -1 ? 1 : at, 1);
    if (old === undefined) break;
    dropped.push(old.queued);
  }
  return dropped;
}
