/**
 * From the report on everything to incidents. What is definite is reported at once; what often mends itself gets a
 * moment first. What was reported here and is in the report no more is over.
 */
import type { Condition, Incident } from "../core/alert.ts";
import { ERRORS, type ErrorCode } from "../core/errors.ts";
import { formatModelRef } from "../core/model-ref.ts";
import { MINUTE, SECOND, type Duration, type Instant } from "../core/time.ts";
import type { AlertRaise, Alerts } from "../ports/alerts.ts";
import type { CandidateState } from "../ports/availability.ts";
import type { Clock } from "../ports/clock.ts";
import type { Failing, Status, StatusReport } from "../ports/status.ts";

/** At least this often the report is looked at. */
const LOOK_EVERY = 0.25 * SECOND;

/** How long a condition must last before it is reported; at once for every code that isn't here. */
const GRACE: Partial<Readonly<Record<ErrorCode, Duration>>> = {
  "channel-unproven": MINUTE,
  "channel-unreachable": 5 * SECOND,
  "harness-unproven": MINUTE,
  "harness-overloaded": 5 * SECOND,
  "harness-failed": 5 * SECOND,
  "intake-paused": 5 * SECOND,
  "store-slow": 5 * SECOND,
};
/** A primary that is missed while a fallback serves: what often mends itself may take this long. */
const DEGRADED_GRACE = 30 * SECOND;
const MENDS_ITSELF: readonly ErrorCode[] = [
  "harness-unproven",
  "harness-overloaded",
  "harness-failed",
  "harness-deadline",
  "harness-limit",
];

/** One condition of the report, and how long it must last before anybody is told. */
interface Seen {
  readonly alert: AlertRaise;
  readonly grace: Duration;
}

export interface WatchDeps {
  readonly status: Status;
  readonly alerts: Alerts & { tick(): void; open(): readonly Incident[] };
  readonly clock: Clock;
}

export interface AlertWatch {
  start(): void;
  /** Looks now: somebody knows of a change. */
  look(): void;
  stop(): void;
}

export function watchStatus({ status, alerts, clock }: WatchDeps): AlertWatch {
  /** Monotonic times at which conditions were first seen. */
  const firstSeen = new Map<string, Duration>();
  let started = false;
  let cancel = (): void => {};
  const look = (): void => {
    const report = status.report();
    // While it stops, everything goes away in its own order: that is no outage, and no recovery either.
    if (report.status !== "draining") compare(report, { alerts, firstSeen, now: clock.monotonic() });
    alerts.tick();
  };
  const again = (): void => {
    look();
    cancel = clock.timer(LOOK_EVERY, again);
  };
  return {
    start() {
      started = true;
      again();
    },
    look: () => {
      if (started) look();
    },
    stop() {
      started = false;
      cancel();
    },
  };
}

interface Comparison {
  readonly alerts: WatchDeps["alerts"];
  readonly firstSeen: Map<string, Duration>;
  readonly now: Duration;
}

function compare(report: StatusReport, { alerts, firstSeen, now }: Comparison): void {
  const seen = new Map(conditionsOf(report).map((one) => [keyOf(one.alert), one]));
  for (const key of firstSeen.keys()) if (!seen.has(key)) firstSeen.delete(key);
  for (const [key, { alert, grace }] of seen) {
    const since = firstSeen.get(key) ?? now;
    firstSeen.set(key, since);
    if (now - since >= grace) alerts.raise(alert);
  }
  for (const incident of alerts.open()) {
    if (isWatched(incident) && !seen.has(keyOf(incident))) alerts.resolve(incident.code, incident.subject);
  }
}

const keyOf = ({ code, subject }: Pick<Condition, "code" | "subject">): string => `${code} ${subject}`;

/** Subjects that the report alone decides about. */
const isWatched = ({ subject, lasting }: Condition): boolean =>
  lasting && /^(?:agent|candidate|channel)\/|^store$/.test(subject);

/** What is wrong by this report. Pure. */
export function conditionsOf(report: StatusReport): readonly Seen[] {
  return [
    ...report.failing.flatMap((failing) => conditionOf(failing, report)),
    ...report.agents
      .filter(({ id }) => report.degraded.includes(id))
      .flatMap(({ id, candidates }) => degradedOf(id, candidates)),
  ];
}

function conditionOf(failing: Failing, report: StatusReport): readonly Seen[] {
  const { code, fix } = failing;
  const grace = GRACE[code] ?? 0;
  switch (failing.kind) {
    case "agent":
      return [{ grace, alert: agentAlert(failing, report) }];
    case "channel": {
      const state = report.channels.find(({ channel, account }) => `${channel}/${account}` === failing.id);
      const summary = `Channel ${failing.id} doesn't receive: ${because(code, state?.detail ?? null)}`;
      return [
        { grace, alert: { code, fix, summary, subject: `channel/${failing.id}`, channel: failing.id } },
      ];
    }
    case "store":
      return [
        {
          grace,
          alert: {
            code,
            fix,
            summary: `Messages can't be accepted: ${because(code, null)}`,
            subject: "store",
          },
        },
      ];
    // Each is part of an agent's failing, or of a start or stop.
    case "harness":
    case "dispatcher":
      return [];
  }
}

function agentAlert({ id, code, fix }: Failing, report: StatusReport): AlertRaise {
  const candidates = report.agents.find((agent) => agent.id === id)?.candidates ?? [];
  const first = candidates[0];
  return {
    code,
    fix,
    subject: agentSubject(id),
    agent: id,
    harness: first?.candidate.harness ?? null,
    summary: `Agent ${id} can't be served: ${namedReason(first, code)}${untilText(first?.until ?? null)} Its messages are held.`,
  };
}

function degradedOf(agent: string, [primary]: readonly CandidateState[]): readonly Seen[] {
  if (primary === undefined || primary.code === null) return [];
  const { code, candidate } = primary;
  const ref = formatModelRef(candidate);
  const alert: AlertRaise = {
    code,
    subject: `candidate/${agent}/${ref}`,
    severity: "warning",
    agent,
    harness: candidate.harness,
    summary: `Agent ${agent} is answered by a fallback: ${namedReason(primary, code)}${untilText(primary.until)}`,
  };
  return [{ alert, grace: MENDS_ITSELF.includes(code) ? DEGRADED_GRACE : 0 }];
}

/** The subject of the incident that keeps an agent from being served. */
const agentSubject = (agent: string): string => `agent/${agent}`;

function namedReason(state: CandidateState | undefined, code: ErrorCode): string {
  const who = state === undefined ? "" : `${formatModelRef(state.candidate)}: `;
  return who + because(code, state?.detail ?? null);
}

function because(code: ErrorCode, detail: string | null): string {
  const { summary } = ERRORS[code];
  return detail === null || detail === "" ? summary : `${summary.replace(/\.$/, "")} (${detail}).`;
}

function untilText(until: Instant | null): string {
  return until === null
    ? ""
    : ` It ends at ${new Date(until).toISOString().slice(0, 16).replace("T", " ")} UTC.`;
}
