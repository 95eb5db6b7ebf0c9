import { SECOND, type Duration } from "../core/time.ts";
import { planStop, type StopPlan } from "../boot/stop-plan.ts";
import { overdue } from "../health/overdue.ts";
import { systemClock } from "../platform/clock.ts";
import { createNotify, type Notify } from "../platform/notify.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Pulse } from "../ports/pulse.ts";
import type { Supervision } from "../ports/supervision.ts";
import { stopWithin } from "./drain.ts";
import type { Platform } from "./platform.ts";

/** What the gateway tells whoever supervises it, from its first word to its last. */
export interface GatewaySupervision extends Supervision {
  /** Adds what is looked at before the watchdog is fed: everything that is under way now and has a bound. */
  watch(pulses: () => readonly Pulse[]): void;
  /** The port is open: the start counts as done. Whether every agent can be served is told by the status. */
  listening(status: string): void;
  /** How the gateway stands now, as the health line says it. */
  status(text: string): void;
  /**
   * The gateway begins to stop. Says so, with the time that it may take, and fits it into what the supervisor gives.
   *
   * @param grace for running turns, as configured
   */
  stopping(grace: Duration): StopPlan;
  /** What closing everything may take, after a stop and after a start that failed. */
  teardown(): Duration;
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
  /** How long the supervisor waits for a stop before it kills; null when it didn't say. */
  readonly stopWithin: Duration | null;
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
  const sources: (() => readonly Pulse[])[] = [];
  const feed = (): void => {
    const now = clock.monotonic();
    const late =
      now - expected > STOOD_STILL
        ? []
        : overdue(
            sources.flatMap((pulses) => pulses()),
            now,
          );
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
    watch: (pulses) => void sources.push(pulses),
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
    stopping(grace) {
      stopping = true;
      const plan = planStop(grace, deps.stopWithin);
      say({ STOPPING: "1", EXTEND_TIMEOUT_USEC: String(Math.ceil(plan.total * 1000)) }, "draining");
      return plan;
    },
    teardown: () => planStop(0, deps.stopWithin).teardown,
    async close() {
      cancel();
      await notify.close();
    },
  };
}

/** The supervision of this process. @throws RollcallError `config-invalid` */
export async function openSupervision({ env, log }: Platform): Promise<GatewaySupervision> {
  const wire = { env, clock: systemClock, log: log.child("supervision") };
  const within = stopWithin(env);
  const supervision = createSupervision({
    ...wire,
    notify: await createNotify(wire),
    pids: [process.pid, process.ppid],
    stopWithin: within,
  });
  // What the gateway starts must not speak in its name.
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  return supervision;
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
