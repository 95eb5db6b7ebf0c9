// Time of one simulated run: one queue of timers for the gateway's lives, the platform and the harnesses' processes.
import type { Clock } from "../../src/ports/clock.ts";

/** A process of the world. What a dead one waits for never comes; a suspended one gets it when it goes on. */
export interface Owner {
  readonly name: string;
  alive: boolean;
  suspended: boolean;
  readonly late: (() => void)[];
}

export interface World {
  /** Milliseconds since the run began. */
  readonly time: number;
  readonly steps: number;
  /** Runs `run` after a span, unless its owner is dead by then. Null: the world itself. */
  after(span: number, owner: Owner | null, run: () => void): () => void;
  /** Fires the next timer and lets everything that follows from it happen. False when nothing is left. */
  step(): Promise<boolean>;
  /** The wall clock, as every process of the world reads it. */
  readonly wall: number;
  /** Moves the wall clock alone. */
  jump(span: number): void;
  owner(name: string): Owner;
  kill(owner: Owner): void;
  resume(owner: Owner): void;
  clockOf(owner: Owner): Clock;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly owner: Owner | null;
  run: (() => void) | null;
}

const START = Date.UTC(2026, 0, 1);

/** Everything that is ready runs: promises first, whatever their number. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createWorld(): World {
  const heap = createHeap();
  let time = 0;
  let steps = 0;
  let order = 0;
  let offset = START;
  const fire = (timer: Timer): void => {
    const { run, owner } = timer;
    timer.run = null;
    if (run === null || owner?.alive === false) return;
    if (owner?.suspended === true) owner.late.push(run);
    else run();
  };
  const world: World = {
    get time() {
      return time;
    },
    get steps() {
      return steps;
    },
    get wall() {
      return offset + time;
    },
    after(span, owner, run) {
      const timer: Timer = { at: time + Math.max(0, Math.round(span)), order: order++, owner, run };
      heap.push(timer);
      return () => (timer.run = null);
    },
    async step() {
      for (let timer = heap.pop(); timer !== undefined; timer = heap.pop()) {
        if (timer.run === null || timer.owner?.alive === false) continue;
        time = Math.max(time, timer.at);
        steps += 1;
        fire(timer);
        await breathe();
        return true;
      }
      return false;
    },
    jump: (span) => void (offset += span),
    owner: (name) => ({ name, alive: true, suspended: false, late: [] }),
    kill(owner) {
      owner.alive = false;
      owner.late.length = 0;
    },
    resume(owner) {
      owner.suspended = false;
      for (const run of owner.late.splice(0)) world.after(0, owner, run);
    },
    clockOf: (owner) => clockOf(world, owner),
  };
  return world;
}

function clockOf(world: World, owner: Owner): Clock {
  const clock: Clock = {
    now: () => world.wall,
    monotonic: () => world.time,
    timer: (span, run) => world.after(span, owner, run),
    sleep(span, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const aborted = (): void => {
          cancel();
          resolve();
        };
        const cancel = clock.timer(span, () => {
          signal?.removeEventListener("abort", aborted);
          resolve();
        });
        signal?.addEventListener("abort", aborted, { once: true });
      });
    },
  };
  return clock;
}

/** A binary heap by time, then by the order of making. */
function createHeap(): { push(timer: Timer): void; pop(): Timer | undefined } {
  const items: Timer[] = [];
  const before = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
  return {
    push(timer) {
      let at = items.push(timer) - 1;
      while (at > 0) {
        const up = (at - 1) >> 1;
        const parent = items[up];
        if (parent === undefined || !before(timer, parent)) break;
        items[at] = parent;
        at = up;
      }
      items[at] = timer;
    },
    pop() {
      const top = items[0];
      const last = items.pop();
      if (top === undefined || last === undefined || items.length === 0) return top;
      let at = 0;
      for (;;) {
        const [left, right] = [items[2 * at + 1], items[2 * at + 2]];
        const least = right !== undefined && left !== undefined && before(right, left) ? right : left;
        if (least === undefined || !before(least, last)) break;
        items[at] = least;
        at = least === left ? 2 * at + 1 : 2 * at + 2;
      }
      items[at] = last;
      return top;
    },
  };
}
