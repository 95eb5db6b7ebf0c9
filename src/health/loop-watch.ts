/**
 * Watches the event loop from a thread of its own, since a loop that is blocked can't tell. While plugins load, what
 * blocks for too long is interrupted as well, so that the start comes to its named end.
 */
import { Worker } from "node:worker_threads";
import { SECOND, type Duration } from "../core/time.ts";
import { messageOf } from "../core/errors.ts";
import type { Log } from "../ports/log.ts";
import { WATCHER, WORDS, type WatchedCode, type WatcherOptions } from "./loop-watcher.ts";

export interface LoopWatch {
  /** These load from now on: a loop that is blocked for `limit` is interrupted. Keeps the process alive. */
  loading(code: readonly WatchedCode[], limit: Duration): void;
  /** They are loaded: what blocks from now on is only named. */
  loaded(): void;
  /** What was interrupted, null when nothing was. */
  blocked(): { readonly owner: string | null; readonly where: string; readonly ms: Duration } | null;
  /** Starts the thread if it isn't there yet. */
  start(): void;
  stop(): Promise<void>;
}

export interface LoopWatchOptions {
  readonly log: Log;
  readonly pretty: boolean;
  /** The log's copy, which the thread writes to as well. */
  readonly logFile: string;
}

const TIMES = {
  every: 0.25 * SECOND,
  /** Blocked this long at run time is named. The same as what liveness takes for a stall. */
  stall: 5 * SECOND,
  /** Blocked this long while plugins load is named, before it is interrupted at the plugins' deadline. */
  notice: SECOND,
  reach: 0.4 * SECOND,
  lateness: SECOND,
} as const;

/** From its text: a module of its own would cost the thread another loader, and memory for the life of the gateway. */
const TEXT = `${WATCHER.map(String).join("\n")}
watchFromOutside(require("node:worker_threads"), require("node:inspector"), require("node:fs"));`;

export function createLoopWatch({ log, pretty, logFile }: LoopWatchOptions): LoopWatch {
  const shared = new SharedArrayBuffer(WORDS.bytes);
  const words = new Int32Array(shared);
  let worker: Worker | null = null;
  let beat: NodeJS.Timeout | null = null;
  let code: readonly WatchedCode[] = [];

  const start = (): void => {
    if (worker !== null) return;
    const options: WatcherOptions = { ...TIMES, shared, pretty, logFile };
    worker = new Worker(TEXT, { eval: true, name: "loop-watch", workerData: options, stdin: false });
    worker.unref();
    worker.once("online", () => log.info("watch.started", {}));
    worker.on("error", (error) => log.error("watch.failed", { error: messageOf(error) }));
    beat = setInterval(() => void Atomics.add(words, WORDS.beat, 1), TIMES.every);
    beat.unref();
  };
  const tell = (limit: Duration | null): void => worker?.postMessage({ code, limit });

  return {
    start,
    loading(fresh, limit) {
      start();
      code = [...code, ...fresh];
      tell(limit);
      beat?.ref();
    },
    loaded() {
      beat?.unref();
      tell(null);
    },
    blocked() {
      const length = Atomics.load(words, WORDS.length);
      if (length === 0) return null;
      const text = Buffer.from(shared)
        .subarray(WORDS.text, WORDS.text + length)
        .toString("utf8");
      return JSON.parse(text) as ReturnType<LoopWatch["blocked"]>;
    },
    async stop() {
      if (beat !== null) clearInterval(beat);
      await worker?.terminate();
      worker = null;
    },
  };
}
