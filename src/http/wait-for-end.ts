import { WAITING_STATES, type EntryState } from "../core/entry.ts";
import type { MessageId } from "../core/ids.ts";
import type { Duration } from "../core/time.ts";
import type { StoredMessage } from "../ports/store.ts";
import type { HttpDeps } from "./deps.ts";
import { HTTP_LIMITS } from "./limits.ts";

/** Whether a message has come to its end. */
export function isEnded(state: EntryState): boolean {
  return !(WAITING_STATES as readonly EntryState[]).includes(state);
}

/**
 * Waits until a message has come to its end, `span` is over, or `signal` aborts, and returns it as it is then. Events
 * say when to look; the store is what counts, and is looked at now and then should an event be missing.
 */
export async function waitForEnd(
  deps: Pick<HttpDeps, "store" | "events" | "clock">,
  id: MessageId,
  span: Duration,
  signal: AbortSignal,
): Promise<StoredMessage | null> {
  const deadline = deps.clock.monotonic() + span;
  let wake = (): void => {};
  // Steps on the way are no reason to look: only an end is waited for.
  const unsubscribe = deps.events.subscribe((event) => {
    if (event.type === "message" && event.id === id && isEnded(event.state)) wake();
  }, id);
  const stop = (): void => wake();
  signal.addEventListener("abort", stop);
  try {
    for (;;) {
      const woken = Promise.withResolvers<void>();
      wake = woken.resolve;
      const state = await deps.store.stateOf(id);
      const left = deadline - deps.clock.monotonic();
      if (state === null || isEnded(state) || left <= 0 || signal.aborted)
        return await deps.store.message(id);
      const cancel = deps.clock.timer(Math.min(left, HTTP_LIMITS.waitLook), woken.resolve);
      await woken.promise;
      cancel();
    }
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", stop);
  }
}
