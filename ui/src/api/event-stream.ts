import { createEventLines, readEvent, type RawEvent } from "./event-lines.ts";
import type { PageEvent } from "./wire.ts";

/** Timers, so that tests need no real time. `after` returns the way to call it off. */
export interface Timers {
  /** The wall clock, which goes on while the machine sleeps. */
  now(): number;
  after(ms: number, run: () => void): () => void;
}

export interface EventStreamDeps {
  readonly fetch: typeof fetch;
  readonly timers: Timers;
  readonly onEvent: (event: PageEvent) => void;
  /** `again`: the stream was open before, and something may have been missed. */
  readonly onOpen: (again: boolean) => void;
  readonly onLost: () => void;
  readonly onSignedOut: () => void;
}

export interface EventStream {
  /** Connects now instead of after the wait: the network came back, or somebody looks at the page again. */
  wake(): void;
  close(): void;
}

/** The gateway writes a comment every 15 s; silence beyond this is a connection that nobody holds any more. */
const SILENCE = 45_000;
const PLAIN = { credentials: "same-origin", cache: "no-store" } as const;
const WAITS = [500, 1000, 2000, 4000, 8000] as const;

/**
 * Keeps the stream of events open. It reads the response itself, where `EventSource` would not see a connection that
 * has gone quiet, e.g. after a phone slept.
 */
export function openEventStream(deps: EventStreamDeps): EventStream {
  let lastId: string | null = null;
  let tries = 0;
  let openedBefore = false;
  let closed = false;
  let current: AbortController | null = null;
  let cancelWait: (() => void) | null = null;
  let heardAt = deps.timers.now();

  const take = (raws: readonly RawEvent[]): void => {
    heardAt = deps.timers.now();
    for (const raw of raws) {
      if (raw.id !== null) lastId = raw.id;
      const event = readEvent(raw);
      if (event !== undefined) deps.onEvent(event);
    }
  };
  const headers = (): Readonly<Record<string, string>> => ({
    accept: "text/event-stream",
    ...(lastId !== null && { "last-event-id": lastId }),
  });
  const connect = async (attempt: AbortController): Promise<"signed-out" | "lost"> => {
    const cancel = deps.timers.after(SILENCE, () => attempt.abort());
    const response = await deps
      .fetch("api/v1/events", { headers: headers(), ...PLAIN, signal: attempt.signal })
      .finally(cancel);
    if (response.status === 401) return "signed-out";
    if (!isStream(response)) return "lost";
    tries = 0;
    deps.onOpen(openedBefore);
    openedBefore = true;
    await readLines(response, attempt, deps.timers, take);
    return "lost";
  };

  const run = (): void => {
    cancelWait = null;
    const attempt = new AbortController();
    current = attempt;
    heardAt = deps.timers.now();
    const ended = (how: "signed-out" | "lost"): void => {
      attempt.abort();
      current = null;
      if (closed) return;
      if (how === "signed-out") return deps.onSignedOut();
      deps.onLost();
      cancelWait = deps.timers.after(WAITS[Math.min(tries, WAITS.length - 1)] ?? 0, run);
      tries += 1;
    };
    // A connection that breaks rejects: to us that is the same as one that ends.
    connect(attempt).then(ended, () => ended("lost"));
  };

  run();
  return {
    wake() {
      // Timers stand still while a machine sleeps: what was silent for that long is let go now.
      if (deps.timers.now() - heardAt > SILENCE) current?.abort();
      if (closed || current !== null || cancelWait === null) return;
      cancelWait();
      tries = 0;
      run();
    },
    close() {
      closed = true;
      cancelWait?.();
      current?.abort();
    },
  };
}

function isStream(response: Response): boolean {
  return response.ok && response.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

/** Reads a response to its end, or until it has been silent for too long. */
async function readLines(
  response: Response,
  attempt: AbortController,
  timers: Timers,
  take: (raws: readonly RawEvent[]) => void,
): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  const lines = createEventLines();
  for (;;) {
    const cancel = timers.after(SILENCE, () => attempt.abort());
    const { done, value } = await reader.read().finally(cancel);
    if (done || attempt.signal.aborted) return;
    take(lines(value));
  }
}
