import type { Duration } from "../core/time.ts";

/** Somebody's code that may block the event loop. */
export interface Owner {
  /** As it stands in the configuration. */
  readonly name: string;
  /** URL of its file; what lies in the same folder is its own too. */
  readonly file: string;
}

/** What blocked the event loop, as it was seen from outside of it. */
export interface Blocked {
  /** Whose code it was; null when that couldn't be seen. */
  readonly owner: string | null;
  /** For the operator: function and line. */
  readonly where: string;
  readonly ms: Duration;
}

/** Watches the event loop from outside while plugins load. */
export interface LoadWatch {
  /** From now on these load. A loop that is blocked for `limit` is interrupted, so that the start can go on to its end. */
  loading(owners: readonly Owner[], limit: Duration): void;
  /** Their time is over: what blocks from now on is only named. */
  loaded(): void;
  /** What was interrupted while plugins loaded, null when nothing was. */
  blocked(): Blocked | null;
}

/** Watches nothing: for tests, and for commands that load no plugins. */
export const noWatch: LoadWatch = { loading: () => {}, loaded: () => {}, blocked: () => null };
