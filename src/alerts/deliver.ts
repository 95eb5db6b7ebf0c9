import type { Alert } from "../core/alert.ts";
import { messageOf } from "../core/errors.ts";
import { SECOND } from "../core/time.ts";
import type { AlertRoute, Receipt } from "../ports/alert-route.ts";
import type { RouteReceipt } from "../ports/alerts.ts";
import type { Clock } from "../ports/clock.ts";

/** How long a route is waited for before the next one is tried beside it. */
const HEDGE = SECOND;

export interface DeliverDeps {
  readonly clock: Clock;
  /** Told of every try, also of one that ends after another route has delivered. */
  readonly tried: (alert: Alert, receipt: RouteReceipt) => void;
}

/**
 * One round over the routes, in order: the next one begins when the last one failed, or has given no receipt for a
 * second. Resolves with the name of the first route that delivered, or null when none did. Never rejects.
 */
export function deliver(
  deps: DeliverDeps,
  routes: readonly AlertRoute[],
  alert: Alert,
): Promise<string | null> {
  return new Promise((resolve) => {
    let next = 0;
    let running = 0;
    let over = false;
    let cancelHedge = (): void => {};
    const finish = (route: string | null): void => {
      cancelHedge();
      over = true;
      resolve(route);
    };
    const attempt = async (route: AlertRoute): Promise<void> => {
      running += 1;
      const receipt = await tryRoute(deps.clock, route, alert);
      running -= 1;
      deps.tried(alert, receipt);
      if (over) return;
      if (receipt.outcome === "delivered") finish(receipt.route);
      else start();
    };
    const start = (): void => {
      cancelHedge();
      const route = routes[next];
      if (over) return;
      if (route === undefined) {
        if (running === 0) finish(null);
        return;
      }
      next += 1;
      cancelHedge = deps.clock.timer(HEDGE, start);
      void attempt(route);
    };
    start();
  });
}

/**
 * The end of an incident: told by every route that told of its beginning, so that nobody goes on believing it. When none
 * of them works now, by whichever does.
 */
export async function deliverEnd(
  deps: DeliverDeps,
  routes: readonly AlertRoute[],
  tellers: readonly string[],
  alert: Alert,
): Promise<string | null> {
  const due = routes.filter(({ name }) => tellers.includes(name));
  const receipts = await Promise.all(due.map((route) => tryRoute(deps.clock, route, alert)));
  for (const receipt of receipts) deps.tried(alert, receipt);
  const delivered = receipts.filter(({ outcome }) => outcome === "delivered").map(({ route }) => route);
  if (delivered.length > 0) return delivered.join(", ");
  return deliver(
    deps,
    routes.filter((route) => !due.includes(route)),
    alert,
  );
}

/** One try of one route within its own deadline. Never rejects. */
export async function tryRoute(clock: Clock, route: AlertRoute, alert: Alert): Promise<RouteReceipt> {
  const { name } = route;
  const problem = route.problem();
  if (problem !== null) return { route: name, outcome: "skipped", detail: problem, ms: 0 };
  const begun = clock.monotonic();
  const receipt = await withinDeadline(clock, route, alert);
  return {
    route: name,
    outcome: receipt.ok ? "delivered" : "failed",
    detail: receipt.detail ?? null,
    ms: Math.round(clock.monotonic() - begun),
  };
}

/** A route that doesn't keep its deadline is left behind. */
async function withinDeadline(clock: Clock, route: AlertRoute, alert: Alert): Promise<Receipt> {
  const deadline = new AbortController();
  const late = new Promise<Receipt>((resolve) => {
    deadline.signal.addEventListener(
      "abort",
      () => resolve({ ok: false, detail: `no receipt within ${route.deadline} ms` }),
      { once: true },
    );
  });
  const cancel = clock.timer(route.deadline, () => deadline.abort());
  try {
    return await Promise.race([route.send(alert, deadline.signal), late]);
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  } finally {
    cancel();
  }
}
