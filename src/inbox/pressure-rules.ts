import type { ErrorCode } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { formatSize } from "../core/size.ts";
import { formatDuration, type Duration } from "../core/time.ts";
import type { Machine } from "../ports/pressure.ts";

type Known<T extends (...args: never) => Promise<unknown>> = Awaited<ReturnType<T>>;

/** Everything that decides whether more is taken. */
export interface PressureFacts {
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly space: Known<Machine["space"]>;
  readonly descriptors: Known<Machine["descriptors"]>;
  /** What the last commit took; null before the first. */
  readonly commit: Duration | null;
}

/** What shuts the intake opens it again only when it is better than it had to be, so that it doesn't flap. */
const EASE: Readonly<Record<"waiting" | "space" | "descriptors" | "commit", number>> = {
  waiting: 0.9,
  space: 1.25,
  descriptors: 1.5,
  commit: 0.5,
};
/** No more than this share of a whole is ever kept in reserve. */
const SHARE = { space: 0.05, descriptors: 0.125 } as const;

/**
 * Why nothing more may be taken, or null. Pure.
 *
 * @param closed by what it is shut now: that must ease before it opens
 */
export function decidePressure(
  facts: PressureFacts,
  closed: ErrorCode | null,
): { readonly code: ErrorCode; readonly detail: string } | null {
  const { waiting, waitingBytes, space, descriptors, commit } = facts;
  const eased = (code: ErrorCode, by: number): number => (closed === code ? by : 1);
  if (space !== null) {
    const reserve = Math.min(LIMITS.diskReserve, space.total * SHARE.space);
    const keep = reserve * eased("disk-low", EASE.space);
    if (space.free < keep)
      return { code: "disk-low", detail: `${formatSize(space.free)} free of ${formatSize(space.total)}` };
  }
  if (descriptors !== null) {
    const { open, limit } = descriptors;
    const reserve = Math.min(LIMITS.descriptorReserve, limit * SHARE.descriptors);
    const keep = reserve * eased("descriptors-low", EASE.descriptors);
    if (limit - open < keep) return { code: "descriptors-low", detail: `${open} of ${limit} are open` };
  }
  if (commit !== null && commit > LIMITS.commitLatency * eased("store-slow", EASE.commit))
    return { code: "store-slow", detail: `the last commit took ${formatDuration(Math.round(commit))}` };
  const ease = eased("intake-paused", EASE.waiting);
  if (waiting >= LIMITS.waitingOverall * ease)
    return { code: "intake-paused", detail: `${waiting} messages wait, of at most ${LIMITS.waitingOverall}` };
  if (waitingBytes >= LIMITS.waitingBytes * ease) {
    const most = formatSize(LIMITS.waitingBytes);
    return { code: "intake-paused", detail: `${formatSize(waitingBytes)} wait, of at most ${most}` };
  }
  return null;
}
