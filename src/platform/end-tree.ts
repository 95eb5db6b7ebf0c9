import { MILLISECOND, SECOND, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import { canScan, livingTree, signal, type Seen, type TreeKey } from "./process-tree.ts";

/** How long killed processes may take to be gone, before they are reported as survivors. */
const KILL_BOUND = 2 * SECOND;
/** Between two looks. */
const LOOK = 20 * MILLISECOND;

/**
 * Ends a tree: SIGTERM to its group; once the leader is gone, SIGTERM to what is left of it; after `grace`, SIGKILL to
 * the group and to everybody who is found, again and again, until two looks in a row find nobody or 2 s have passed.
 *
 * @param leaderGone settles when the leader has ended; a tree without one is asked at once
 * @param foreign the tree is an earlier gateway's
 * @returns how many are still there
 */
export async function endTree(
  clock: Clock,
  key: TreeKey,
  grace: Duration,
  leaderGone: Promise<unknown>,
  foreign = false,
): Promise<number> {
  const seen: Seen = new Map();
  const look = (): readonly number[] => livingTree(key, seen, foreign);
  look();
  if (grace > 0 && (await endGently(clock, key.group, look, grace, leaderGone))) return 0;
  return killTree(clock, key.group, () => livingTree(key, seen));
}

async function endGently(
  clock: Clock,
  group: number,
  look: () => readonly number[],
  grace: Duration,
  leaderGone: Promise<unknown>,
): Promise<boolean> {
  if (group > 1) signal(-group, "SIGTERM");
  const over = new AbortController();
  const until = clock.monotonic() + grace;
  await Promise.race([leaderGone, clock.sleep(grace, over.signal)]);
  over.abort();
  let asked = false;
  for (let left = look(); clock.monotonic() < until; left = look()) {
    if (left.length === 0) return true;
    if (!asked) for (const pid of left) signal(pid, "SIGTERM");
    asked = true;
    await clock.sleep(LOOK);
  }
  return look().length === 0;
}

async function killTree(clock: Clock, group: number, look: () => readonly number[]): Promise<number> {
  const until = clock.monotonic() + KILL_BOUND;
  let clean = 0;
  for (;;) {
    if (group > 1) signal(-group, "SIGKILL");
    const left = look();
    if (canScan) for (const pid of left) signal(pid, "SIGKILL");
    // A process that forked while the list was read may be missing from it: only a second empty look proves it.
    clean = left.length === 0 ? clean + 1 : 0;
    if (clean === 2) return 0;
    if (clock.monotonic() >= until) return left.length;
    if (clean === 0) await clock.sleep(LOOK);
  }
}
