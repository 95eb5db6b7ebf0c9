import type { Condition, Incident } from "../core/alert.ts";
import type { IncidentId } from "../core/ids.ts";
import type { Duration, Instant } from "../core/time.ts";

/** A condition, with what the table of errors says where nothing better is known. */
export type AlertRaise = Pick<Condition, "code" | "subject"> & Partial<Omit<Condition, "code" | "subject">>;

/** Tells the operator. For every part of the gateway that sees something go wrong; none of it waits or throws. */
export interface Alerts {
  /**
   * Reports a condition, as often as it is seen: one that is open already, or healed a moment ago, stays one incident.
   * `lasting` (the default) means that {@link resolve} will be called when it is over.
   */
  raise(alert: AlertRaise): IncidentId;
  /** The condition is over. Nothing happens when it isn't open. */
  resolve(code: Condition["code"], subject: string): void;
  /** The open incident that keeps this agent from being served, and whether the operator was reached about it. */
  incidentOf(agent: string): { readonly id: IncidentId; readonly delivered: boolean } | null;
}

/** What one route said to an alert. */
export interface RouteReceipt {
  readonly route: string;
  readonly outcome: "delivered" | "failed" | "skipped";
  /** Why it failed or was skipped; what the receiver said. */
  readonly detail: string | null;
  /** In milliseconds. */
  readonly ms: number;
}

/** What an operator can do with alerts, by command, API or chat. */
export interface AlertDesk {
  /** Open incidents first, then the newest closed ones. */
  list(limit: number): Promise<readonly Incident[]>;
  /** Ends the reminders of an incident, or of all open ones. @throws RollcallError `no-such-id` */
  acknowledge(id: IncidentId | null): Promise<readonly Incident[]>;
  /** Says nothing for a while; 0 ends that. What is still open then is told. Returns the end. */
  mute(span: Duration): Promise<Instant>;
  /** When the silence ends; null when there is none. */
  mutedUntil(): Instant | null;
  /** Sends one test alert down every route at once. */
  test(): Promise<readonly RouteReceipt[]>;
}
