import { SECOND, type Duration } from "../core/time.ts";
import { overdue } from "../health/overdue.ts";
import type { Notify } from "../platform/notify.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Pulse } from "../ports/pulse.ts";
import type { Supervision } from "../ports/supervision.ts";

/** What the gateway tells whoever supervises it, from its first word to its last. */
export interface GatewaySupervision extends Supervision {
  /** The port is open: the start counts as done. Whether every agent can be served is told by the status. */
  listening(status: string): void;
  /** How the gateway stands now, as the health line says it. */
  status(text: string): void;
  /** @param within how long the stop may take at most */
  stopping(within: Duration): void;
  close(): Promise<void>;
}

export interface SupervisionDeps {
  readonly notify: Notify;
  readonly clock: Clock;
  readonly log: Log;
  /** Read for `WATCHDOG_USEC` and `WATCHDOG_PID`. */
  readonly env: NodeJS.ProcessEnv;
  /** This process, and who started it: a launcher is the supervisor's child in our place. */
  readonly pids: readonly number[];
  /** Everything that is under way now and has a bound. */
  readonly pulses: () => readonly Pulse[];
  /** The system's monotonic clock in microseconds, which a reload is dated by. */
  readonly monotonicMicros?: () => bigint;
}

/** A look that comes this much late means that the whole process stood still: nobody else is judged by that time. */
const STOOD_STILL = SECOND;

/**
 * The watchdog is fed while the event loop turns and nothing that was begun is overdue. A held agent, a channel that
 * is away, a full disk are no reason to be killed: a new process would be no better off.
 */
export function createSupervision(deps: SupervisionDeps): GatewaySupervision {
  const { notify, clock } = deps;
  const micros = deps.monotonicMicros ?? (() => process.hrtime.bigint() / 1000n);
  const every = watchdogPeriod(deps.env, deps.pids);
  let cancel = (): void => {};
  let expected = clock.monotonic();
  let last = "";
  let stopping = false;
  const feed = (): void => {
    const now = clock.monotonic();
    const late = now - expected > STOOD_STILL ? [] : overdue(deps.pulses(), now);
    if (late.length === 0) notify.send({ WATCHDOG: "1" });
    else deps.log.error("supervision.overdue", { what: late.map(({ what }) => what) }, STARVING);
    plan();
  };
  const plan = (): void => {
    if (every === null) return;
    expected = clock.monotonic() + every;
    cancel = clock.timer(every, feed);
  };
  const say = (fields: Readonly<Record<string, string>>, text: string): void => {
    last = text;
    notify.send({ ...fields, STATUS: text });
  };
  return {
    listening(text) {
      say({ READY: "1" }, text);
      if (notify.active) plan();
    },
    status: (text) => void (text !== last && say({}, text)),
    reloading() {
      if (!stopping) notify.send({ RELOADING: "1", MONOTONIC_USEC: String(micros()) });
    },
    ready(text) {
      if (!stopping) say({ READY: "1" }, text);
    },
    stopping(within) {
      stopping = true;
      say({ STOPPING: "1", EXTEND_TIMEOUT_USEC: String(Math.ceil(within * 1000)) }, "draining");
    },
    async close() {
      cancel();
      await notify.close();
    },
  };
}

const STARVING = "something is stuck; the watchdog isn't fed until it goes on";

/** Half of what the supervisor waits for; null when it doesn't watch, or watches somebody else. */
function watchdogPeriod(env: NodeJS.ProcessEnv, pids: readonly number[]): Duration | null {
  const micros = Number(env["WATCHDOG_USEC"] ?? "");
  if (!Number.isFinite(micros) || micros <= 0) return null;
  const meant = env["WATCHDOG_PID"];
  if (meant !== undefined && !pids.includes(Number(meant))) return null;
  return micros / 1000 / 2;
}
