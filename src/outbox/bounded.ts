import { messageOf } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";

/** How long a call that was told to stop may still say how it ended. */
const LAST_WORD = SECOND;

/** A call of a channel that is bounded whatever the channel does. */
interface BoundedCall<T> {
  readonly span: Duration;
  /** Ends it before its time. */
  readonly stop: AbortSignal;
  readonly run: (signal: AbortSignal) => Promise<T>;
  /** What a call that throws, or never ends, has come to. */
  readonly failed: (detail: string) => T;
  /** It ended after it had been given up: nothing is changed by that any more. */
  readonly late: (result: T) => void;
}

/** Runs it. Resolves at most a second after its span, or after `stop`; never rejects. */
export async function bounded<T>(clock: Clock, call: BoundedCall<T>): Promise<T> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, call.stop]);
  let given = false;
  const ended = startCall(call, signal).then((result) => {
    if (given) call.late(result);
    return result;
  });
  let cancel = (): void => {};
  const abandoned = new Promise<T>((resolve) => {
    const giveUp = (): void => {
      cancel = clock.timer(LAST_WORD, () => resolve(call.failed("no answer in time")));
    };
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
  const cancelSpan = clock.timer(call.span, () => over.abort());
  const result = await Promise.race([ended, abandoned]);
  given = true;
  cancelSpan();
  cancel();
  return result;
}

/** A channel that throws has failed like one that says so. */
async function startCall<T>({ run, failed }: BoundedCall<T>, signal: AbortSignal): Promise<T> {
  try {
    return await run(signal);
  } catch (error) {
    return failed(messageOf(error));
  }
}
