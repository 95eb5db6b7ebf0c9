import type { ErrorCode } from "./errors.ts";
import type { IncidentId } from "./ids.ts";
import type { Instant } from "./time.ts";

/** How urgent an incident is: people aren't served, or something needs a look. */
export type Severity = "critical" | "warning";

/** What is wrong, and with what. (code, subject) is what makes two reports the same incident. */
export interface Condition {
  readonly code: ErrorCode;
  /** e.g. `agent/main`, `channel/telegram/default`, `store`, `start`. */
  readonly subject: string;
  readonly severity: Severity;
  /** One or two sentences for the operator, without secrets. */
  readonly summary: string;
  readonly fix: string;
  readonly agent: string | null;
  readonly harness: string | null;
  /** `channel/account`. */
  readonly channel: string | null;
  /** Whether it goes on until it heals; otherwise it has happened, and an acknowledgement ends it. */
  readonly lasting: boolean;
}

/**
 * One incident: from the first report of a condition until it has been calm for a while, across restarts.
 *
 * open ⇄ healed → closed
 */
export interface Incident extends Condition {
  readonly id: IncidentId;
  readonly status: "open" | "healed" | "closed";
  readonly since: Instant;
  readonly healedAt: Instant | null;
  /** How often it was reported anew after a heal, and the first time. */
  readonly occurrences: number;
  readonly acknowledgedAt: Instant | null;
  /** When the first alert of it was made; null while that is muted. */
  readonly toldAt: Instant | null;
  readonly nextReminder: Instant | null;
  /** Whether the last that people were told is that it is over. */
  readonly overTold: boolean;
  /** Whether it came back after people were told that it is over. */
  readonly cameBack: boolean;
  /** Alerts made so far: numbers their ids. */
  readonly alerts: number;
  /** When a route first delivered an alert of it. */
  readonly deliveredAt: Instant | null;
  /** Routes that delivered one: they get its end too. */
  readonly toldBy: readonly string[];
  /** Messages answered before it began, as the store counts them. */
  readonly answeredBefore: number;
}

/** What an alert says of its incident. */
export type AlertKind = "raised" | "again" | "reminder" | "resolved" | "test";

/** One message to the operator. Made once and never changed: a repeat is the same to the letter. */
export interface Alert {
  /** The incident's id and a number. */
  readonly id: string;
  readonly kind: AlertKind;
  readonly incident: IncidentId;
  readonly code: string;
  readonly severity: Severity | "resolved";
  readonly subject: string;
  readonly summary: string;
  readonly fix: string;
  readonly agent: string | null;
  readonly harness: string | null;
  readonly channel: string | null;
  readonly since: Instant;
  readonly at: Instant;
}

/** An alert and how far it came. `logged`: there is no route but the log. */
export interface QueuedAlert {
  readonly alert: Alert;
  readonly state: "pending" | "delivered" | "logged" | "dropped";
  /** The route that delivered it. */
  readonly route: string | null;
}
