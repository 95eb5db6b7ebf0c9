import { hostname } from "node:os";
import { afterSaying, dueOf, openIncident } from "../alerts/incident.ts";
import { createChatDoor } from "../alerts/chat-door.ts";
import { deliver } from "../alerts/deliver.ts";
import { createSpool, type Spool, type SpoolEntry } from "../alerts/spool.ts";
import { ALERT_UNITS, alertOf, cutTo, withoutPaths } from "../alerts/words.ts";
import type { Address } from "../core/address.ts";
import type { QueuedAlert } from "../core/alert.ts";
import { EXIT, messageOf, type RollcallError } from "../core/errors.ts";
import { SECOND } from "../core/time.ts";
import { systemClock } from "../platform/clock.ts";
import type { AlertRoute } from "../ports/alert-route.ts";
import type { Channel } from "../ports/channel.ts";
import { planWhatWorks } from "./alert-routes.ts";
import { lastRoutes, type LastRoutes } from "./last-routes.ts";
import { openForSending } from "./open-for-sending.ts";
import type { Platform } from "./platform.ts";
import { createSendHttp } from "./send-http.ts";
import type { StartSoFar } from "./start-so-far.ts";
import { version } from "./version.ts";

/** A start that failed may take this much longer, so that somebody hears of it. */
const WITHIN = 5 * SECOND;
/** What one route gets of it. */
const ROUTE_WITHIN = 4 * SECOND;

/**
 * Tells the operator that a start failed, by the routes of its configuration, else by those that served last. One
 * incident for each fault, however often the start is tried: what was told is remembered beside the store. Takes at most
 * five seconds and never throws. A port or a store that is taken is no alert: another gateway is there.
 */
export async function alertFailedStart(
  platform: Platform,
  { settled, raiseLast }: StartSoFar,
  fault: RollcallError,
): Promise<void> {
  const { exit } = fault;
  if (exit === EXIT.later || exit === EXIT.ok || exit === EXIT.usage) return;
  const over = new AbortController();
  const told = (
    raiseLast === null
      ? tellBeforeStore(platform, settled, fault)
      : raiseLast(conditionOf(platform, fault), WITHIN)
  ).catch((error: unknown) => platform.log.error("alert.fault", { error: messageOf(error) }));
  await Promise.race([told, systemClock.sleep(WITHIN, over.signal)]);
  over.abort();
}

function conditionOf({ secrets }: Platform, { code, message, fix }: RollcallError) {
  return {
    code,
    subject: "start",
    severity: "critical",
    summary: cutTo(`The gateway can't start. ${withoutPaths(secrets.redact(message))}`, ALERT_UNITS.summary),
    fix: cutTo(fix, ALERT_UNITS.fix),
    agent: null,
    harness: null,
    channel: null,
    lasting: true,
  } as const;
}

/** The start ended before the store's own alerts were opened: what is known is in the spool. */
async function tellBeforeStore(
  platform: Platform,
  settled: StartSoFar["settled"],
  fault: RollcallError,
): Promise<void> {
  const routes = await readableRoutes(platform, settled);
  if (routes.length === 0) return;
  const log = platform.log.child("alerts");
  const spool = createSpool(platform.stateDir, log);
  const entry = remember(platform, spool, fault);
  if (entry.alert === null) {
    log.info("alert.known", { incident: entry.incident.id, code: fault.code });
    return;
  }
  const { alert } = entry.alert;
  log.error("alert.raised", { incident: alert.incident, code: alert.code, subject: "start" }, alert.summary);
  const tried: Parameters<typeof deliver>[0]["tried"] = (_alert, { route, outcome, detail }) => {
    if (outcome === "failed") log.warn("alert.failed", { alert: alert.id, route, detail });
  };
  const route = await deliver({ clock: systemClock, tried }, routes, alert);
  if (route === null) return;
  log.info("alert.delivered", { alert: alert.id, incident: alert.incident, code: alert.code, route });
  spool.put({ incident: { ...entry.incident, deliveredAt: systemClock.now() }, alert: null });
}

/** The fault's incident, with the alert of it that is to be said now: a new one, a reminder, or one that got nowhere. */
function remember(platform: Platform, spool: Spool, fault: RollcallError): SpoolEntry {
  const now = systemClock.now();
  const known = spool
    .entries()
    .find(({ incident }) => incident.code === fault.code && incident.subject === "start");
  const incident =
    known?.incident ?? openIncident(conditionOf(platform, fault), platform.ids.incident(), now, 0);
  const say = dueOf(incident, now, 0);
  if (say === null) return { incident, alert: known?.alert ?? null };
  const alert: QueuedAlert = { alert: alertOf(incident, say, now, 0), state: "pending", route: null };
  const entry = { incident: afterSaying(incident, say, now), alert };
  spool.put(entry);
  return entry;
}

async function readableRoutes(
  platform: Platform,
  settled: StartSoFar["settled"],
): Promise<readonly AlertRoute[]> {
  const own = settled?.path == null ? null : { config: settled.config, baseDir: settled.baseDir };
  for (const source of [own, lastRoutes(platform.stateDir)]) {
    const routes = source === null ? [] : await openFrom(platform, source);
    if (routes.length > 0) return routes;
  }
  return [];
}

async function openFrom(platform: Platform, { config, baseDir }: LastRoutes): Promise<readonly AlertRoute[]> {
  const plans = await planWhatWorks({ config, baseDir, secrets: platform.secrets });
  const channels = new Map<string, Channel>();
  for (const { over } of plans) {
    if (over !== null) await openForSending(platform, { config, baseDir }, over, channels);
  }
  const chats = createChatDoor({
    channel: ({ channel, account }: Address) => channels.get(`${channel}/${account}`),
    ids: platform.ids,
    clock: systemClock,
    outbox: null,
  });
  const deps = {
    clock: systemClock,
    processes: platform.processes,
    http: createSendHttp(config.gateway),
    chats,
    env: platform.env,
    cwd: baseDir,
    host: hostname(),
    version,
  };
  return plans.map((plan) => {
    const route = plan.open(deps);
    return { ...route, deadline: Math.min(route.deadline, ROUTE_WITHIN) };
  });
}
