import { toIso } from "../core/time.ts";
import type { AccountingState } from "../ports/accounting.ts";
import type { StatusReport } from "../ports/status.ts";
import { json, type Answer } from "./answer.ts";
import { readNumber, readQuery } from "./fields.ts";
import { HTTP_LIMITS } from "./limits.ts";
import type { Call, Context } from "./router.ts";
import { agentJson, channelJson, statusJson } from "./status-json.ts";

const clockOf = (context: Context): { now: number; monotonic: number } => ({
  now: context.deps.clock.now(),
  monotonic: context.deps.clock.monotonic(),
});

/** `GET /api/v1/status` */
export async function showStatus(context: Context): Promise<Answer> {
  const { deps } = context;
  const muted = deps.alerts.mutedUntil();
  const nextStart = deps.nextStart?.() ?? { ok: true, code: null, reason: null };
  return json(200, {
    ...statusJson(deps.status.report(), clockOf(context)),
    instance: deps.instance,
    intakeOpen: deps.status.intakeOpen(),
    nextStart,
    alerts: {
      open: (await deps.alerts.list(HTTP_LIMITS.list)).filter(({ status }) => status === "open").length,
      mutedUntil: muted === null ? null : toIso(muted),
    },
  });
}

/** `GET /api/v1/health`: the status with the accounting; `recount` is the last count of every row. */
export async function showHealth(context: Context): Promise<Answer> {
  const { deps } = context;
  const [counts, totals, oldest] = await Promise.all([
    deps.store.counts(),
    deps.store.totals(),
    deps.store.oldestWaiting(),
  ]);
  const recount = deps.accounting?.() ?? null;
  const outcomes = totals.accepted + totals.duplicate + totals.ignored + totals.refused;
  return json(200, {
    ...statusJson(deps.status.report(), clockOf(context)),
    instance: deps.instance,
    live: deps.liveness(),
    intakeOpen: deps.status.intakeOpen(),
    messages: counts,
    totals,
    // Before the first recount, what the books say about themselves.
    accountingDifference: recount?.difference ?? Math.abs(totals.received - outcomes),
    recount: recount === null ? null : recountJson(recount),
    oldestWaitingAt: oldest === null ? null : toIso(oldest),
  });
}

function recountJson({ at, took, ...rest }: AccountingState): Readonly<Record<string, unknown>> {
  return { ...rest, at: toIso(at), ms: Math.round(took) };
}

/** `GET /api/v1/agents`, `/harnesses`, `/channels`: a part of the status. */
export function showPart(part: "agents" | "harnesses" | "channels"): (context: Context) => Answer {
  const render = (context: Context, report: StatusReport): readonly unknown[] => {
    switch (part) {
      case "agents":
        return report.agents.map(agentJson);
      case "harnesses":
        return report.harnesses;
      case "channels":
        return report.channels.map((channel) => channelJson(channel, clockOf(context)));
    }
  };
  return (context) => json(200, { [part]: render(context, context.deps.status.report()) });
}

/** `GET /api/v1/sessions`: the latest first. */
export async function listSessions(context: Context, call: Call): Promise<Answer> {
  const { limit } = readQuery(call.query, ["limit"]);
  const rows = await context.deps.store.sessions(
    limit === undefined ? HTTP_LIMITS.listDefault : readNumber("limit", limit, 1, HTTP_LIMITS.list),
  );
  return json(200, { sessions: rows.map((row) => ({ ...row, lastAt: toIso(row.lastAt) })) });
}

/** `GET /metrics` */
export async function showMetrics(context: Context): Promise<Answer> {
  const { contentType, text } = await context.deps.metrics.render();
  return { status: 200, headers: { "content-type": contentType }, body: text };
}
