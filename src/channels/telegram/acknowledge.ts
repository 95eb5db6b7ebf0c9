import type { Address } from "../../core/address.ts";
import { SECOND } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { describeFault, type TelegramApi } from "./api.ts";
import type { Pace } from "./pace.ts";

const DEADLINE = 10 * SECOND;
const SEEN = "👀";
/** Requests that may be under way at once; further ones are left out. */
const MOST = 20;

export interface AcknowledgeDeps {
  readonly api: TelegramApi;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly log: Log;
  /** Ends what is under way. */
  readonly signal: () => AbortSignal;
}

/** Shows that a message was seen (a reaction) or is worked on ("typing", for about five seconds). Best effort. */
export function createAcknowledge(
  deps: AcknowledgeDeps,
): (address: Address, platformId: string | null, phase: "accepted" | "working") => void {
  let running = 0;
  return (address, platformId, phase) => {
    if (running >= MOST || (phase === "accepted" && platformId === null)) return;
    running++;
    const { conversation: chat_id, thread } = address;
    const done = deps.api.call(DEADLINE, deps.signal(), async (raw, signal) => {
      if (phase === "accepted") {
        const reaction = [{ type: "emoji" as const, emoji: SEEN } as const];
        return raw.setMessageReaction({ chat_id, message_id: Number(platformId), reaction }, signal);
      }
      const topic = thread === undefined ? {} : { message_thread_id: Number(thread) };
      return raw.sendChatAction({ chat_id, action: "typing", ...topic }, signal);
    });
    const note = (result: Awaited<typeof done>): void => {
      running--;
      if (result.ok) return;
      const { fault } = result;
      if (fault.kind === "answered" && fault.retryAfter !== null) {
        deps.pace.refused(chat_id, fault.retryAfter, deps.clock.monotonic());
      }
      deps.log.debug("telegram.acknowledge_failed", { phase, detail: describeFault(fault) });
    };
    void done.then(note);
  };
}
