import { hostname } from "node:os";
import { createChatDoor } from "../alerts/chat-door.ts";
import { openAlerts, type AlertCenter } from "../alerts/alerts.ts";
import { startDeadman } from "../alerts/deadman.ts";
import { createSpool } from "../alerts/spool.ts";
import { watchStatus } from "../alerts/watch.ts";
import { UNDO } from "../boot/stop-plan.ts";
import type { Config } from "../core/config.ts";
import { messageOf } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import type { AlertRoute, AlertRouteDeps, AlertRoutePlan } from "../ports/alert-route.ts";
import type { AlertDesk, AlertRaise, Alerts } from "../ports/alerts.ts";
import type { Status } from "../ports/status.ts";
import { watchDeadLetters } from "./dead-letters.ts";
import { keepLastRoutes } from "./last-routes.ts";
import type { Parts } from "./parts.ts";
import type { Pipeline } from "./pipeline.ts";
import { createSendHttp } from "./send-http.ts";
import type { ServeInput } from "./serve-input.ts";
import { version } from "./version.ts";

/** The gateway's alerts, with what feeds them. */
export interface Alerting extends Alerts, AlertDesk {
  /** From the first probes on: what the report says becomes incidents. */
  watch(): void;
  /** The gateway serves: failed starts are over, and silence from now on means that something is wrong. */
  started(): void;
  /** The routes of a configuration that serves from now on. */
  use(routes: readonly AlertRoutePlan[], config: Config): void;
  /** Reports what ends the process, and resolves when it was delivered, or past `within`. */
  raiseLast(alert: AlertRaise, within: Duration): Promise<void>;
}

/** What is there only after the alerts: asked when it is needed. */
export interface AlertingParts {
  readonly parts: Pick<Parts, "metrics" | "events" | "counts" | "availability">;
  readonly status: () => Status;
  readonly pipeline: () => Pipeline;
}

/** Opens the alerts over the store that is open already. */
export async function openAlerting(input: ServeInput, given: AlertingParts): Promise<Alerting> {
  const { platform, settled, opened, plans, boot } = input;
  const log = platform.log.child("alerts");
  const { metrics, counts, events, availability } = given.parts;
  const routes = openRoutes(input, given);
  routes.use(plans.alertRoutes, settled.config);
  const center = await openAlerts({
    store: opened.store,
    spool: createSpool(platform.stateDir, log),
    clock: systemClock,
    random: systemRandom,
    ids: platform.ids,
    log,
    metrics,
    routes: () => routes.current(),
    answered: () => counts.now().done,
    redact: (text) => platform.secrets.redact(text),
  });
  boot.undo("alerts", UNDO.step, () => center.stop(0));
  const watch = watchStatus({
    clock: systemClock,
    alerts: center,
    status: { report: () => given.status().report(), intakeOpen: () => given.status().intakeOpen() },
  });
  boot.undo("alert watch", UNDO.step, () => watch.stop());
  const dead = watchDeadLetters({ store: opened.store, alerts: center, events, clock: systemClock, log });
  const unsubscribe = [
    availability.onChange(() => watch.look()),
    events.subscribe(tellSetAside(center)),
    () => dead.stop(),
  ];
  availability.onPage(({ harness, model }, fault) => {
    const summary = `${harness}/${model} heals and fails in turns, and is left out: ${fault?.detail ?? "see the log"}.`;
    center.raise({
      code: "harness-flapping",
      subject: `candidate/${harness}/${model}`,
      harness,
      summary,
      lasting: false,
    });
  });
  boot.undo("alert watchers", UNDO.step, () => unsubscribe.forEach((end) => end()));
  const deadman = keepDeadman(input, center, given.status);
  const raiseLast = async (alert: AlertRaise, within: Duration): Promise<void> => {
    center.raise(alert);
    await center.settled(within);
  };
  input.stage.raiseLast = raiseLast;
  return {
    ...center,
    raiseLast,
    incidentOf(agent) {
      // Whoever asks has just seen that nobody can serve the agent.
      watch.look();
      return center.incidentOf(agent);
    },
    watch: () => watch.start(),
    started() {
      for (const incident of center.open())
        if (incident.subject === "start") center.resolve(incident.code, incident.subject);
      deadman.follow();
      routes.keep();
    },
    use(fresh, config) {
      routes.use(fresh, config);
      deadman.follow();
      routes.keep();
    },
  };
}

interface OpenRoutes {
  current(): readonly AlertRoute[];
  use(plans: readonly AlertRoutePlan[], config: Config): void;
  /** For starts that fail. */
  keep(): void;
}

function openRoutes({ platform, settled, opened }: ServeInput, given: AlertingParts): OpenRoutes {
  let config = settled.config;
  let open: readonly AlertRoute[] = [];
  const chats = createChatDoor({
    channel: ({ channel, account }) => given.pipeline().channels.get(`${channel}/${account}`),
    ids: platform.ids,
    clock: systemClock,
    outbox: {
      addDelivery: (delivery) => opened.store.addDelivery(delivery),
      delivery: (key) => opened.store.delivery(key),
      wake: () => given.pipeline().outbox.wake(),
    },
  });
  const deps = (): AlertRouteDeps => ({
    clock: systemClock,
    processes: platform.processes,
    http: createSendHttp(config.gateway),
    chats,
    env: platform.env,
    cwd: settled.baseDir,
    host: hostname(),
    version,
  });
  return {
    current: () => open,
    use(plans, next) {
      config = next;
      const shared = deps();
      open = plans.map((plan) => plan.open(shared));
    },
    keep() {
      // A demo has no routes, and must not take the place of what a configuration named.
      if (settled.path === null) return;
      try {
        keepLastRoutes(platform.stateDir, config, settled.baseDir);
      } catch (error) {
        platform.log.warn("alert.routes_not_kept", { error: messageOf(error) });
      }
    },
  };
}

/** The ping that the configuration asks for, begun anew only when that asks for another one. */
function keepDeadman(
  { platform, roll, boot }: ServeInput,
  center: AlertCenter,
  status: () => Status,
): { follow(): void } {
  let pinging = "";
  let end = (): void => {};
  boot.undo("dead-man's ping", UNDO.step, () => end());
  return {
    follow() {
      const { alerts, gateway } = roll.registry.current().config;
      const wanted = JSON.stringify([alerts.deadman ?? null, gateway.proxy ?? null, gateway.ipFamily]);
      if (wanted === pinging) return;
      pinging = wanted;
      end();
      end = (): void => {};
      const url = URL.parse(alerts.deadman?.url ?? "");
      if (alerts.deadman === undefined || url === null) return;
      const deadman = startDeadman({
        url,
        every: alerts.deadman.every,
        well: () => status().report().status === "ready" && !center.stuck(),
        http: createSendHttp(gateway),
        clock: systemClock,
        log: platform.log.child("alerts"),
      });
      end = () => deadman.stop();
    },
  };
}

function tellSetAside(center: Alerts): Parameters<Parts["events"]["subscribe"]>[0] {
  return (event) => {
    if (event.type === "message" && event.state === "quarantined") center.raise(setAside(event.id));
  };
}

/** A message that couldn't be read, or that crashed the gateway. */
const setAside = (id: string): AlertRaise => ({
  code: "message-quarantined",
  subject: "messages",
  severity: "warning",
  lasting: false,
  summary: `Message ${id} was set aside, so that it does no more harm. It is kept.`,
  fix: `See \`rollcall messages show ${id}\` for why; \`rollcall messages retry ${id}\` tries it again.`,
});

/** How long a fault that ends the process waits for its alert. */
export const LAST_WORDS: Duration = 4 * SECOND;
