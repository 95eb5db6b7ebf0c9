import { RollcallError } from "../core/errors.ts";
import type { ReloadOutcome } from "../http/deps.ts";
import type { ReloadResult, Trigger } from "./reload.ts";

/** Reloads, one at a time. */
export interface ReloadQueue {
  /**
   * Reloads, and resolves when it is decided. Whoever asks while one is under way shares the next one with everybody
   * else who does: it reads the file after all of them asked.
   *
   * @throws RollcallError `draining`
   */
  reload(trigger: Trigger, dropAgents?: readonly string[]): Promise<ReloadOutcome>;
  /** The start has come to its end: what was asked for until now is carried out. */
  begin(): void;
  /** Nothing more is begun. Resolves when nothing is under way. */
  stop(): Promise<void>;
}

interface Round {
  trigger: Trigger;
  readonly drop: Set<string>;
  readonly done: PromiseWithResolvers<ReloadOutcome>;
}

/** @param run one try, which never rejects */
export function createReloadQueue(
  run: (trigger: Trigger, dropAgents: readonly string[]) => Promise<ReloadResult>,
): ReloadQueue {
  const state: { begun: boolean; stopped: boolean; next: Round | null; work: Promise<void> | null } = {
    begun: false,
    stopped: false,
    next: null,
    work: null,
  };
  const work = async (): Promise<void> => {
    for (let round = state.next; round !== null; round = state.next) {
      state.next = null;
      if (state.stopped) {
        round.done.reject(new RollcallError("draining"));
        continue;
      }
      const { outcome, handedOver } = await run(round.trigger, [...round.drop]);
      round.done.resolve(outcome);
      await handedOver;
    }
    state.work = null;
  };
  const start = (): void => {
    if (state.begun && state.next !== null) state.work ??= work();
  };
  return {
    reload(trigger, dropAgents = []) {
      if (state.stopped) return Promise.reject(new RollcallError("draining"));
      state.next ??= { trigger, drop: new Set(), done: Promise.withResolvers<ReloadOutcome>() };
      const round = state.next;
      // What a person asked for is carried out as asked, whatever else asked before.
      if (round.trigger === "file") round.trigger = trigger;
      for (const agent of dropAgents) round.drop.add(agent);
      start();
      return round.done.promise;
    },
    begin() {
      state.begun = true;
      start();
    },
    async stop() {
      state.stopped = true;
      state.next?.done.reject(new RollcallError("draining"));
      state.next = null;
      await state.work;
    },
  };
}
