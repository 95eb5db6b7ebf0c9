/** An error as the Bot API answers it. */
export class ApiError extends Error {
  readonly code: number;
  readonly parameters: Readonly<Record<string, unknown>> | undefined;
  constructor(code: number, description: string, parameters?: Readonly<Record<string, unknown>>) {
    super(description);
    this.name = "ApiError";
    this.code = code;
    this.parameters = parameters;
  }
}

export function badRequest(what: string): ApiError {
  return new ApiError(400, `Bad Request: ${what}`);
}

/** What happens to a call, other than what should. */
export type Trouble =
  /** Answered with an error, not done. */
  | {
      readonly kind: "error";
      readonly code: number;
      readonly description: string;
      readonly parameters?: Readonly<Record<string, unknown>>;
    }
  /** The connection is reset before anything is done. */
  | { readonly kind: "drop" }
  /** Done; then the connection is reset. */
  | { readonly kind: "lose" }
  /** Never answered. Done only when the script is released, if at all. */
  | { readonly kind: "hang" }
  /** Answered late. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Answered by something that isn't the Bot API. */
  | { readonly kind: "status"; readonly status: number; readonly body: string };

export interface Script {
  /** Which calls: of this method, in this chat; all when absent. */
  readonly method?: string;
  readonly chat?: number;
  /** How many calls; 1 when absent. */
  readonly times?: number;
  readonly trouble: Trouble;
}

export interface ScriptHandle {
  /** Calls that it still waits for. */
  readonly left: number;
  /** Does what hung calls asked for, now: late, and in this order. */
  release(): void;
  /** Ends it. */
  stop(): void;
}

export interface Scripts {
  add(script: Script): ScriptHandle;
  take(
    method: string,
    chat: number | undefined,
  ): { trouble: Trouble; hold(run: () => void): void } | undefined;
}

export function createScripts(): Scripts {
  const live: { script: Script; left: number; held: (() => void)[] }[] = [];
  return {
    add(script) {
      const entry = { script, left: script.times ?? 1, held: [] as (() => void)[] };
      live.push(entry);
      return {
        get left() {
          return entry.left;
        },
        release() {
          for (const run of entry.held.splice(0)) run();
        },
        stop() {
          entry.left = 0;
        },
      };
    },
    take(method, chat) {
      const entry = live.find(
        ({ script, left }) =>
          left > 0 &&
          (script.method === undefined || script.method === method) &&
          (script.chat === undefined || script.chat === chat),
      );
      if (entry === undefined) return undefined;
      entry.left--;
      return { trouble: entry.script.trouble, hold: (run) => void entry.held.push(run) };
    },
  };
}
