import type { Clock } from "../../../src/ports/clock.ts";
import { ApiError } from "./fault.ts";

export interface Update {
  readonly update_id: number;
  readonly [kind: string]: unknown;
}

export interface PollRequest {
  readonly offset: number;
  readonly limit: number;
  readonly timeout: number;
  readonly allowed: readonly string[] | undefined;
}

const KEPT = 24 * 60 * 60 * 1000;

/** Updates that nobody has confirmed, with one long poll at a time, exactly as the platform does it. */
export interface UpdateQueue {
  push(kind: string, payload: unknown): number;
  /** Resolves with what is there, or after the timeout. Rejects with 409 when another poll comes. */
  poll(request: PollRequest, gone: AbortSignal): Promise<readonly Update[]>;
  /** Delivers an update again, as it was. */
  repeat(updateId: number): void;
  /** Forgets the oldest that wait: for updates that shall come in another order. */
  drop(count: number): void;
  setNextId(id: number): void;
  readonly waiting: readonly Update[];
  readonly confirmedOffset: number;
  readonly polling: boolean;
  close(): void;
}

interface Waiter {
  readonly limit: number;
  readonly end: (updates: readonly Update[]) => void;
  readonly conflict: () => void;
}

export function createUpdateQueue(clock: Clock): UpdateQueue {
  let nextId = 100_001;
  let confirmedOffset = 0;
  let allowed: readonly string[] | undefined;
  let queue: { readonly update: Update; readonly at: number }[] = [];
  const seen = new Map<number, Update>();
  let waiter: Waiter | undefined;

  const fresh = (): readonly Update[] => {
    queue = queue.filter(({ at }) => clock.now() - at < KEPT);
    return queue.map(({ update }) => update);
  };
  const confirm = (offset: number): void => {
    if (offset > 0) queue = queue.filter(({ update }) => update.update_id >= offset);
    if (offset < 0) queue = queue.slice(offset);
    if (offset !== 0) confirmedOffset = offset;
  };
  const add = (update: Update): void => {
    queue.push({ update, at: clock.now() });
    seen.set(update.update_id, update);
    waiter?.end(fresh().slice(0, waiter.limit));
  };
  return {
    push(kind, payload) {
      const id = nextId++;
      if (allowed === undefined || allowed.includes(kind)) add({ update_id: id, [kind]: payload });
      return id;
    },
    repeat(updateId) {
      const update = seen.get(updateId);
      if (update !== undefined) add(update);
    },
    poll(request, gone) {
      // The newer poll wins; the older one is told.
      waiter?.conflict();
      if (request.allowed !== undefined && request.allowed.length > 0) allowed = request.allowed;
      confirm(request.offset);
      const ready = fresh().slice(0, request.limit);
      if (ready.length > 0 || request.timeout === 0) return Promise.resolve(ready);
      return new Promise((resolve, reject) => {
        const leave = (then: () => void): void => {
          cancel();
          gone.removeEventListener("abort", left);
          if (waiter === me) waiter = undefined;
          then();
        };
        const left = (): void => leave(() => resolve([]));
        const me: Waiter = {
          limit: request.limit,
          end: (updates) => leave(() => resolve(updates)),
          conflict: () => leave(() => reject(new ApiError(409, CONFLICT))),
        };
        const cancel = clock.timer(request.timeout * 1000, () => me.end([]));
        gone.addEventListener("abort", left);
        waiter = me;
      });
    },
    drop(count) {
      queue = queue.slice(count);
    },
    setNextId(id) {
      nextId = id;
    },
    get waiting() {
      return fresh();
    },
    get confirmedOffset() {
      return confirmedOffset;
    },
    get polling() {
      return waiter !== undefined;
    },
    close() {
      waiter?.end([]);
    },
  };
}

const CONFLICT =
  "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
