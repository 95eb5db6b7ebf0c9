import type { Address } from "../core/address.ts";
import type { Alert } from "../core/alert.ts";
import type { Duration } from "../core/time.ts";
import type { Clock } from "./clock.ts";
import type { Processes } from "./process.ts";
import type { Section, SectionSchema } from "./section.ts";

/** What a route said to one try. It failed when nobody can be sure that a person will see the alert. */
export type Receipt =
  | { readonly ok: true; readonly detail?: string }
  | { readonly ok: false; readonly detail: string };

/** One HTTP request through the configured proxy. Resolves with the status; rejects when there was no answer. */
export type SendHttp = (
  url: URL,
  request: {
    readonly method: "GET" | "POST";
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal: AbortSignal;
  },
) => Promise<number>;

/** The way to chats, as alerts see it. */
export interface ChatDoor {
  /** Why this account can't send now; null when it can. */
  problem(address: Address): string | null;
  /** Sends once, whatever happens in between: the same key is the same message. Resolves when it is sent or can't be. */
  send(address: Address, text: string, key: string, signal: AbortSignal): Promise<Receipt>;
}

/** What every route is opened with. */
export interface AlertRouteDeps {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly http: SendHttp;
  readonly chats: ChatDoor;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that commands run in. */
  readonly cwd: string;
  /** Name of this machine, and the version: part of every alert. */
  readonly host: string;
  readonly version: string;
}

/** A kind of alert route, as the catalog lists it. */
export interface AlertRouteKind<Options = unknown> {
  readonly kind: string;
  readonly schema: SectionSchema<Options>;
  /**
   * Plans one declared route; everything that it needs is loaded when this resolves. The section's id is the route's
   * name, e.g. `webhook` or `webhook#2`.
   *
   * @throws RollcallError `config-invalid`, `secret-unresolved`
   */
  plan(section: Section<Options>): Promise<AlertRoutePlan>;
}

/** A checked route that is not open yet. */
export interface AlertRoutePlan {
  readonly name: string;
  /** The chat that it writes to: its channel must be configured. */
  readonly over: Address | null;
  open(deps: AlertRouteDeps): AlertRoute;
}

/** One open route. */
export interface AlertRoute {
  readonly name: string;
  /** How long one try may take. */
  readonly deadline: Duration;
  /** Why it would fail now, so that the next one is tried at once; null when it may work. */
  problem(): string | null;
  /** One try. `signal` aborts at the deadline. A repeat of the same alert carries the same id. */
  send(alert: Alert, signal: AbortSignal): Promise<Receipt>;
}
