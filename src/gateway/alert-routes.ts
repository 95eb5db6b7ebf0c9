import { formatAddress, parseAddress, type Address } from "../core/address.ts";
import { chatRoute } from "../alerts/routes/channel.ts";
import type { AlertRouteConfig, Config } from "../core/config.ts";
import { RollcallError } from "../core/errors.ts";
import type { AlertRouteKind, AlertRoutePlan } from "../ports/alert-route.ts";
import type { Secrets } from "../ports/secrets.ts";
import { ALERT_ROUTE_KINDS } from "./catalog.ts";
import { sectionOf } from "./section-of.ts";

/** What routes are made of: the whole configuration has it, and so has what is kept for starts that fail. */
export type RouteConfig = Pick<Config, "owners" | "channels"> & {
  readonly alerts: Pick<Config["alerts"], "routes">;
};

export interface RouteInput {
  readonly config: RouteConfig;
  readonly baseDir: string;
  readonly secrets: Pick<Secrets, "resolve">;
  /** What kinds mean, those of plugins among them; only the built-in ones when absent. */
  readonly kinds?: { readonly alertRoute: (kind: string) => (() => Promise<AlertRouteKind>) | undefined };
}

/**
 * Resolves every declared alert route to its kind, loads its code and checks its options. With none declared: the
 * owners' chats, as far as their channels are configured. The log needs no route: everything is logged.
 *
 * @throws RollcallError `alert-route-unregistered`, `config-invalid`, `secret-unresolved`
 */
export async function planAlertRoutes(input: RouteInput): Promise<readonly AlertRoutePlan[]> {
  const plans: AlertRoutePlan[] = [];
  for (const declared of declaredRoutes(input.config)) plans.push(await planRoute(input, declared));
  return plans;
}

/** The same for a start that has failed already: what can't be planned is left out. */
export async function planWhatWorks(input: RouteInput): Promise<readonly AlertRoutePlan[]> {
  const tried = await Promise.allSettled(
    declaredRoutes(input.config).map((declared) => planRoute(input, declared)),
  );
  return tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

/** A declared route, with its name and place. */
type Declared =
  | { readonly name: string; readonly owner: Address }
  | { readonly name: string; readonly at: string; readonly route: AlertRouteConfig };

function declaredRoutes({ owners, alerts, channels }: RouteConfig): readonly Declared[] {
  if (alerts.routes.length === 0)
    return owners.flatMap((owner, index) => {
      const address = parseAddress(owner);
      if (address === undefined || !isConfigured(channels, address)) return [];
      return [{ name: numbered("owner", index), owner: address }];
    });
  const seen = new Map<string, number>();
  return alerts.routes.flatMap((route, index) => {
    if (route.kind === "log") return [];
    const before = seen.get(route.kind) ?? 0;
    seen.set(route.kind, before + 1);
    return [{ name: numbered(route.kind, before), at: `alerts.routes[${index}]`, route }];
  });
}

const numbered = (name: string, before: number): string => (before === 0 ? name : `${name}#${before + 1}`);

async function planRoute(input: RouteInput, declared: Declared): Promise<AlertRoutePlan> {
  if ("owner" in declared) return chatRoute(declared.name, declared.owner);
  const { name, at, route } = declared;
  const kind = await kindOf(input, route.kind, at);
  const plan = await kind.plan(await sectionOf(input, kind, name, route.options, at));
  if (plan.over !== null && !isConfigured(input.config.channels, plan.over)) {
    throw new RollcallError("alert-route-unregistered", {
      at: `${at}.to`,
      detail: `${at}.to: ${formatAddress(plan.over)} is on no configured channel`,
      fix: "Name a chat of a configured channel and account.",
    });
  }
  return plan;
}

async function kindOf(input: RouteInput, kind: string, at: string): Promise<AlertRouteKind> {
  const load = input.kinds === undefined ? builtIn(kind) : input.kinds.alertRoute(kind);
  if (load !== undefined) return load();
  const known = Object.keys(ALERT_ROUTE_KINDS).join(", ");
  throw new RollcallError("alert-route-unregistered", {
    at: `${at}.kind`,
    detail: `${at}: nobody provides "${kind}"; built in are ${known}, log`,
  });
}

function builtIn(kind: string): (() => Promise<AlertRouteKind>) | undefined {
  return Object.hasOwn(ALERT_ROUTE_KINDS, kind) ? ALERT_ROUTE_KINDS[kind] : undefined;
}

function isConfigured(channels: Config["channels"], { channel, account }: Address): boolean {
  const configured = Object.hasOwn(channels, channel) ? channels[channel] : undefined;
  if (configured?.enabled !== true) return false;
  // A channel without accounts has its one implicit account.
  const accounts = Object.keys(configured.accounts);
  return accounts.length === 0 || accounts.includes(account);
}

/** A route that can't tell of the channel that it runs over. Null when there is another way, or none at all. */
export function routeWarning(plans: readonly AlertRoutePlan[]): string | null {
  const over = new Set(
    plans.map((plan) => (plan.over === null ? null : `${plan.over.channel}/${plan.over.account}`)),
  );
  const [only] = over;
  if (over.size !== 1 || only === undefined || only === null) return null;
  return `alerts.routes: every route runs over ${only}, so nobody is told when that channel fails; add a webhook, email or command route`;
}
