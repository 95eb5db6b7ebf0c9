import { MINUTE, SECOND, type Duration } from "../../core/time.ts";

/**
 * What the platform takes: about one message a second in a chat with short bursts, 20 a minute in a group, 30 a second
 * in all (Bot API FAQ, "My bot is hitting limits"). Beyond it there is 429, with a time in which nothing is taken.
 */
export const PACE = {
  perChat: { burst: 3, every: SECOND },
  perGroup: { most: 20, within: MINUTE },
  overall: { burst: 25, every: SECOND / 25 },
  /** What edits and other extras leave for answers. */
  spare: { chat: 1, group: 6, overall: 10 },
  /** So many chats refused within this time mean that the whole account is paced. */
  storm: { chats: 3, within: 10 * SECOND },
  /** Chats that are remembered; idle ones go first. */
  chats: 2000,
} as const;

/** `send`: what people wait for. `extra`: edits and placeholders, which leave room for it. */
export type PaceKind = "send" | "extra";

/** Keeps every request that shows something within the platform's limits. Pure but for what it remembers. */
export interface Pace {
  /** Takes a place and returns 0, or takes nothing and returns how long there is none. */
  take(chat: string, kind: PaceKind, now: Duration): Duration;
  /** How long there is no place; 0 when there is one. Takes none. */
  room(chat: string, kind: PaceKind, now: Duration): Duration;
  /** The platform refused: nothing in this chat before `after`. Returns how far the refusal reaches. */
  refused(chat: string, after: Duration, now: Duration): "chat" | "account";
}

/** A bucket that fills by one each `every`, up to `burst`. */
interface Bucket {
  level: number;
  at: Duration;
}

interface ChatPace {
  readonly bucket: Bucket;
  /** In groups: times of the last messages. */
  sent: Duration[];
  blockedUntil: Duration;
}

export function createPace(): Pace {
  const chats = new Map<string, ChatPace>();
  const overall: Bucket = { level: PACE.overall.burst, at: 0 };
  let blockedUntil: Duration = 0;
  let refusals: { chat: string; at: Duration }[] = [];

  const chatOf = (id: string, now: Duration): ChatPace => {
    const known = chats.get(id) ?? {
      bucket: { level: PACE.perChat.burst, at: now },
      sent: [],
      blockedUntil: 0,
    };
    // Most recent last, so that the idle ones are the first to be forgotten.
    chats.delete(id);
    chats.set(id, known);
    for (const [key, other] of chats) {
      if (chats.size <= PACE.chats) break;
      if (other.blockedUntil <= now) chats.delete(key);
      else break;
    }
    return known;
  };

  const waitOf = (id: string, chat: ChatPace | undefined, kind: PaceKind, now: Duration): Duration => {
    const spare = kind === "send" ? { chat: 0, group: 0, overall: 0 } : PACE.spare;
    const wait = Math.max(
      blockedUntil - now,
      waitFor(overall, PACE.overall, spare.overall, now),
      ...(chat === undefined ? [] : [chat.blockedUntil - now]),
      ...(chat === undefined ? [] : [waitFor(chat.bucket, PACE.perChat, spare.chat, now)]),
      chat !== undefined && id.startsWith("-") ? groupWait(chat, spare.group, now) : 0,
    );
    return wait > 0 ? Math.ceil(wait) : 0;
  };

  return {
    room: (id, kind, now) => waitOf(id, chats.get(id), kind, now),
    take(id, kind, now) {
      const chat = chatOf(id, now);
      const wait = waitOf(id, chat, kind, now);
      if (wait > 0) return wait;
      chat.bucket.level--;
      overall.level--;
      if (id.startsWith("-")) chat.sent.push(now);
      return 0;
    },
    refused(id, after, now) {
      const chat = chatOf(id, now);
      chat.blockedUntil = Math.max(chat.blockedUntil, now + after);
      refusals = [...refusals, { chat: id, at: now }].filter(({ at }) => at > now - PACE.storm.within);
      if (new Set(refusals.map((refusal) => refusal.chat)).size < PACE.storm.chats) return "chat";
      blockedUntil = Math.max(blockedUntil, now + after);
      // After that it begins slowly: a burst at its end would be refused again.
      overall.level = 0;
      overall.at = blockedUntil;
      return "account";
    },
  };
}

function waitFor(
  bucket: Bucket,
  rule: { readonly burst: number; readonly every: Duration },
  spare: number,
  now: Duration,
): Duration {
  bucket.level = Math.min(rule.burst, bucket.level + Math.max(0, now - bucket.at) / rule.every);
  bucket.at = Math.max(bucket.at, now);
  return Math.max(0, (1 + spare - bucket.level) * rule.every);
}

function groupWait(chat: ChatPace, spare: number, now: Duration): Duration {
  const { most, within } = PACE.perGroup;
  chat.sent = chat.sent.filter((at) => at > now - within);
  const room = most - spare;
  const oldest = chat.sent.at(-room);
  return oldest === undefined ? 0 : oldest + within - now;
}
