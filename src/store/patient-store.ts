/**
 * A store for those who can't go back: what a turn's harness has said, or a platform has answered, is known to nobody
 * else. While the disk is full their writes wait for space instead of failing, so that a disk that heals finds every
 * turn and every send where it was, and nothing needs a restart.
 *
 * Keeps: I4 (what runs ends), I8 (a receipt isn't forgotten).
 */
import { backoffDelay } from "../core/backoff.ts";
import { RollcallError } from "../core/errors.ts";
import { BACKOFF } from "../core/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";

/** The writes that come after something happened outside, which can't be asked for again. */
const PATIENT = ["prompted", "nextAttempt", "answer", "endTurn", "settle"] as const;

/** The same store; its patient writes fail with `store-io` alone. */
export function createPatientStore<S extends Pick<Store, (typeof PATIENT)[number]>>(
  store: S,
  clock: Pick<Clock, "sleep">,
): S {
  const patient: Pick<Store, (typeof PATIENT)[number]> = {
    prompted: (fence, by) => whileFull(clock, () => store.prompted(fence, by)),
    nextAttempt: (fence, why, at) => whileFull(clock, () => store.nextAttempt(fence, why, at)),
    answer: (fence, answer) => whileFull(clock, () => store.answer(fence, answer)),
    endTurn: (fence, end) => whileFull(clock, () => store.endTurn(fence, end)),
    settle: (id, attempts, to, at) => whileFull(clock, () => store.settle(id, attempts, to, at)),
  };
  // Everything else is the store's own, whatever it becomes.
  return Object.assign(Object.create(store) as S, patient);
}

async function whileFull<T>(clock: Pick<Clock, "sleep">, write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof RollcallError) || error.code !== "store-full") throw error;
    }
    await clock.sleep(backoffDelay(BACKOFF.fullDisk, tries, 0.5));
  }
}
