import type { Entry } from "../core/entry.ts";
import { BACKOFF, LIMITS } from "../core/limits.ts";
import { SECOND, type Duration, type Instant } from "../core/time.ts";

/** How long a message may still grow, by what it looks like. */
export const BUNDLE_WINDOWS = {
  album: 1 * SECOND,
  paste: 1.5 * SECOND,
  media: 2 * SECOND,
  /** A text of this many UTF-16 units was probably cut by the sender's own app. */
  pasteUnits: 4000,
} as const;

export type Bundle =
  | { readonly kind: "none" }
  /** The next message may still grow until then. */
  | { readonly kind: "wait"; readonly until: Instant }
  | { readonly kind: "run"; readonly entries: readonly [Entry, ...Entry[]] };

/** This life of the gateway, for pieces of a bundle that came before it and after it. Spans don't jump. */
export interface Life {
  readonly since: Instant;
  readonly age: Duration;
  /** For how long the messages' channel has been receiving in it; null while it hasn't. */
  readonly receiving: Duration | null;
}

/** How long after a start the rest of a bundle is waited for while its channel can't receive. */
const FIRST_RECEIVE = 10 * SECOND;
/** How soon it is looked at again whether it could. */
const LOOK_AGAIN = 0.25 * SECOND;
/** Nothing that is queued waits for longer by its own time: what would is a wall clock that was set back. */
const LONGEST_WAIT = BACKOFF.turn.max;

/**
 * Which waiting messages go into the next turn: those of one album, one split paste, or media and its comment; with
 * `collect`, also all others that came while the last turn ran. Pure over what is stored, so that a restart in the
 * middle of a bundle ends in the same bundle.
 *
 * @param waiting the session's waiting messages in order; entries that share a turn already stay together
 * @param life what came before it may still grow by what the platform kept in the meantime
 */
export function nextBundle(
  waiting: readonly Entry[],
  now: Instant,
  midTurn: "collect" | "queue" | "steer" | "interrupt",
  life: Life | null = null,
): Bundle {
  const first = waiting[0];
  if (first === undefined) return { kind: "none" };
  if (first.turn !== null)
    return runAt(
      [first, ...waiting.slice(1).filter((entry) => entry.turn === first.turn)],
      first.notBefore,
      now,
    );
  const entries: [Entry, ...Entry[]] = [first];
  let grows = growsUntil(first, now, life);
  for (const next of waiting.slice(1, LIMITS.entriesPerTurn)) {
    const last = entries.at(-1) ?? first;
    const joins = continues(last, next, life) || (midTurn !== "queue" && collects(last, next));
    if (next.turn !== null || !joins) break;
    entries.push(next);
    grows = growsUntil(next, now, life);
  }
  const until = Math.max(first.notBefore, entries.length === waiting.length ? grows : 0);
  return runAt(entries, until, now);
}

function runAt(entries: readonly [Entry, ...Entry[]], until: Instant, now: Instant): Bundle {
  // A wall clock that jumped back must not freeze a lane: no bundle waits longer than its own window allows.
  const longest = Math.max(...entries.map((entry) => entry.acceptedAt));
  const frozen = now < longest || until - now > LONGEST_WAIT;
  return until > now && !frozen ? { kind: "wait", until } : { kind: "run", entries };
}

/** When a message that may still grow stops growing. */
function growsUntil(entry: Entry, now: Instant, life: Life | null): Instant {
  const window = windowOf(entry);
  if (window === 0 || life === null || entry.acceptedAt >= life.since) return entry.acceptedAt + window;
  const left = life.receiving === null ? FIRST_RECEIVE - life.age : window - life.receiving;
  return now + Math.max(0, life.receiving === null ? Math.min(LOOK_AGAIN, left) : left);
}

function windowOf(entry: Entry): Duration {
  const { body } = entry;
  if (body.album !== undefined) return BUNDLE_WINDOWS.album;
  if (isApi(entry)) return 0;
  if (body.text.length >= BUNDLE_WINDOWS.pasteUnits) return BUNDLE_WINDOWS.paste;
  return body.attachments.length > 0 && body.text.trim() === "" ? BUNDLE_WINDOWS.media : 0;
}

/** Whether `next` is a later piece of what `last` began. */
function continues(last: Entry, next: Entry, life: Life | null): boolean {
  if (last.sender.id !== next.sender.id) return false;
  if (last.body.album !== undefined && last.body.album === next.body.album) return true;
  const window = windowOf(last);
  if (window === 0) return false;
  if (next.acceptedAt - last.acceptedAt <= window) return true;
  // The gateway was away in between: then only the platform knows when they were said, to the second.
  const away = life !== null && last.acceptedAt < life.since && next.acceptedAt >= life.since;
  const apart = next.body.sentAt - last.body.sentAt;
  return away && apart >= 0 && apart <= window + SECOND;
}

/** Callers of the API expect one answer per message; people in a chat expect one answer to all they said. */
function collects(last: Entry, next: Entry): boolean {
  return !isApi(last) && !isApi(next);
}

function isApi(entry: Entry): boolean {
  return entry.role === "operator";
}
