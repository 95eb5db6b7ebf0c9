/**
 * Messages that failed for good become incidents, one for each reason. What was told is remembered in the store, so that
 * a message that died right before the gateway did is told by the next one. An incident is over when no message is dead
 * for its reason any more: retried, or cleared away; or when somebody acknowledges it.
 */
import type { Incident } from "../core/alert.ts";
import { ERRORS, messageOf, type ErrorCode } from "../core/errors.ts";
import { MINUTE, SECOND, type Duration } from "../core/time.ts";
import type { Alerts } from "../ports/alerts.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeadLetterStore, DeadReason } from "../ports/dead-letters.ts";
import type { Events } from "../ports/events.ts";
import type { Log } from "../ports/log.ts";
import type { ChannelStore } from "../ports/store.ts";

export interface DeadLetterDeps {
  readonly store: DeadLetterStore & Pick<ChannelStore, "note" | "setNote">;
  readonly alerts: Pick<Alerts, "raise" | "resolve"> & { open(): readonly Incident[] };
  readonly events: Pick<Events, "subscribe">;
  readonly clock: Clock;
  readonly log: Log;
}

/** However many die at once, the store is looked at this often. */
const AFTER: Duration = 0.25 * SECOND;
/** For what is cleared away, which nobody tells of, and for the last look, should it have failed. */
const AGAIN: Duration = MINUTE;
const TOLD_NOTE = "dead-letters.told";
const CODE: ErrorCode = "turn-dead";
const SUBJECT = "dead/";
/** What its own chat said to drop is nobody's fault; of answers that can't be delivered the outbox tells, which knows why. */
const NOT_OURS = ["dropped", "unanswered", "reply-undelivered"];

/** Looks now, after each change, and every minute. */
export function watchDeadLetters(deps: DeadLetterDeps): { stop(): void } {
  let cancel: (() => void) | null = null;
  let looking = false;
  let stopped = false;
  const look = (): void => {
    cancel = null;
    if (looking || stopped) return;
    looking = true;
    lookOnce(deps)
      .catch((error: unknown) => deps.log.warn("dead_letters.failed", { error: messageOf(error) }))
      .finally(() => {
        looking = false;
        if (!stopped) plan(AGAIN);
      });
  };
  const plan = (span: Duration): void => {
    cancel?.();
    cancel = deps.clock.timer(span, look);
  };
  const unsubscribe = deps.events.subscribe((event) => {
    if (event.type === "message" && CHANGES.has(event.state)) plan(AFTER);
  });
  look();
  return {
    stop() {
      stopped = true;
      unsubscribe();
      cancel?.();
    },
  };
}

const CHANGES: ReadonlySet<string> = new Set(["dead", "quarantined", "queued", "cancelled"]);

/** What is set aside has incidents of its own. */
const mustTell = ({ state, code }: DeadReason): boolean => state === "dead" && !NOT_OURS.includes(code);

async function lookOnce({ store, alerts }: DeadLetterDeps): Promise<void> {
  const [reasons, note] = await Promise.all([store.deadReasons(), store.note(TOLD_NOTE)]);
  const told = Number(note ?? 0);
  const fresh = reasons.filter(({ newest }) => newest > told);
  for (const reason of fresh) if (mustTell(reason)) raise(alerts, reason);
  if (fresh.length > 0)
    await store.setNote(TOLD_NOTE, String(Math.max(...fresh.map(({ newest }) => newest))));
  const codes = new Set(reasons.filter(mustTell).map(({ code }) => SUBJECT + code));
  for (const { code, subject, status } of alerts.open()) {
    const ours = code === CODE && subject.startsWith(SUBJECT) && status === "open";
    if (ours && !codes.has(subject)) alerts.resolve(code, subject);
  }
}

function raise(alerts: Pick<Alerts, "raise">, { code, count, message }: DeadReason): void {
  const known = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].summary : (REASONS[code] ?? code);
  const many = count === 1 ? "One message" : `${count} messages`;
  alerts.raise({
    code: CODE,
    subject: SUBJECT + code,
    severity: "warning",
    lasting: false,
    summary: `${many} failed for good, the last of them ${message}: ${known}`,
    fix: "See `rollcall messages list --only dead,quarantined`; then `messages retry`, alone or with --dead, or `messages purge`.",
  });
}

/** Events that end a message without an error's code. */
const REASONS: Readonly<Record<string, string>> = {
  "hold-expired": "Its agent couldn't be served for as long as a message may be held.",
};
