import type { ErrorCode } from "../../core/errors.ts";
import type { ChannelState } from "../../ports/channel.ts";
import type { Clock } from "../../ports/clock.ts";

/** What the account shows of itself. Only receiving changes it: sends that work don't hide that nothing comes in. */
export interface StateBoard {
  current(): ChannelState;
  onChange(changed: () => void): void;
  /** A receive succeeded. */
  received(): void;
  /** As `received`, and the channel counts as connected. */
  connected(): void;
  failing(code: ErrorCode, detail: string): void;
  /** Nothing is polled for until it is null again. */
  paused(why: ChannelState["paused"]): void;
  stopped(): void;
  named(name: string): void;
  hint(id: string, text: string | null): void;
}

export function createStateBoard(clock: Clock): StateBoard {
  const watchers: (() => void)[] = [];
  const hints = new Map<string, string>();
  let state: ChannelState = {
    status: "starting",
    code: null,
    detail: null,
    since: clock.now(),
    lastReceive: null,
    name: null,
    hints: [],
  };
  const change = (next: Partial<ChannelState>): void => {
    state = { ...state, ...next };
    for (const watcher of watchers) watcher();
  };
  const move = (status: ChannelState["status"], code: ErrorCode | null, detail: string | null): void => {
    if (state.status === status && state.code === code && state.detail === detail) return;
    const since = state.status === status && state.code === code ? state.since : clock.now();
    change({ status, code, detail, since });
  };
  const received = (): void => {
    state = { ...state, lastReceive: clock.monotonic() };
  };
  return {
    current: () => state,
    onChange: (changed) => void watchers.push(changed),
    received,
    connected() {
      received();
      move("connected", null, null);
    },
    failing: (code, detail) => move("failing", code, detail),
    stopped: () => move("stopped", null, null),
    paused(why = null) {
      if ((state.paused ?? null)?.code !== why?.code) change({ paused: why });
    },
    named(name) {
      if (state.name !== name) change({ name });
    },
    hint(id, text) {
      if ((hints.get(id) ?? null) === text) return;
      if (text === null) hints.delete(id);
      else hints.set(id, text);
      change({ hints: [...hints.values()] });
    },
  };
}
