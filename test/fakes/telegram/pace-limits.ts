import { ApiError } from "./fault.ts";

/** As the platform's FAQ has it; bursts a little above what a careful bot allows itself. */
export interface PaceLimits {
  readonly chatBurst: number;
  readonly chatPerSecond: number;
  readonly groupPerMinute: number;
  readonly perSecond: number;
}

export const PLATFORM_LIMITS: PaceLimits = {
  chatBurst: 4,
  chatPerSecond: 1,
  groupPerMinute: 20,
  perSecond: 30,
};

/** Counts what shows something, and throws 429 with `retry_after` beyond the limits. */
export function createPaceLimits(limits: PaceLimits, now: () => number): (chat: number) => void {
  const chats = new Map<number, { level: number; at: number; sent: number[] }>();
  let all: number[] = [];
  return (id) => {
    const at = now();
    const chat = chats.get(id) ?? { level: limits.chatBurst, at, sent: [] };
    chats.set(id, chat);
    chat.level = Math.min(limits.chatBurst, chat.level + ((at - chat.at) / 1000) * limits.chatPerSecond);
    chat.at = at;
    chat.sent = chat.sent.filter((time) => time > at - 60_000);
    all = all.filter((time) => time > at - 1000);
    if (chat.level < 1) throw tooMany(1);
    if (id < 0 && chat.sent.length >= limits.groupPerMinute) {
      throw tooMany(Math.ceil(((chat.sent[0] ?? at) + 60_000 - at) / 1000));
    }
    if (all.length >= limits.perSecond) throw tooMany(1);
    chat.level--;
    chat.sent.push(at);
    all.push(at);
  };
}

export function tooMany(seconds: number): ApiError {
  return new ApiError(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
}
