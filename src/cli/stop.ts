import type { Duration } from "../core/time.ts";

/** What asks a foreground program to stop, for {@link watchStop}. */
export interface StopSources {
  readonly process: NodeJS.Process;
  /** A line for people, without its line end. */
  readonly say: (line: string) => void;
  /** Somebody sent SIGHUP: the configuration is to be read anew. */
  readonly reload: () => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  /** How often the parent is looked at. */
  readonly parentEvery?: Duration;
}

export interface StopWatch {
  /** Aborted when the program shall stop; the reason is a text. */
  readonly signal: AbortSignal;
  /** Lets go of the signals and the parent. */
  end(): void;
}

/** Set by the launcher for the program that it started and holds a channel to. */
export const LAUNCHED = "ROLLCALL_LAUNCHED";
const PARENT_EVERY: Duration = 250;

/**
 * Watches everything that asks for a stop: SIGTERM and SIGINT (the second one ends the process at once), the death of
 * the launcher, and under npm a changed parent, since an npm that is killed outright tells nobody.
 */
export function watchStop(sources: StopSources): StopWatch {
  const { process, say } = sources;
  const controller = new AbortController();
  const ends: (() => void)[] = [];
  const on = (event: string, run: () => void): void => {
    process.on(event as "SIGTERM", run);
    ends.push(() => process.off(event, run));
  };
  const stop = (why: string): void => controller.abort(why);

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    on(signal, () => {
      if (!controller.signal.aborted) return stop(signal);
      say("rollcall: stopped at once by a second signal; nothing is lost, the next start goes on");
      sources.exit(1);
    });
  }
  on("SIGHUP", () => sources.reload());
  if (process.env[LAUNCHED] !== undefined && process.channel != null) {
    on("disconnect", () => stop("the launcher is gone"));
    // A listener makes the channel keep the process alive.
    process.channel.unref();
    if (!process.connected) stop("the launcher is gone");
  }
  if (process.env["npm_lifecycle_event"] !== undefined) {
    const every = sources.parentEvery ?? PARENT_EVERY;
    ends.push(watchParent(process, every, () => stop("the parent process is gone")));
  }
  return { signal: controller.signal, end: () => ends.forEach((end) => end()) };
}

function watchParent(process: NodeJS.Process, every: Duration, gone: () => void): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    gone();
  }, every);
  timer.unref();
  return () => clearInterval(timer);
}
