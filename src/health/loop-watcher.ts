import type * as Fs from "node:fs";
import type * as Inspector from "node:inspector";
import type * as Threads from "node:worker_threads";
import type { Duration } from "../core/time.ts";

/** Code that is watched: whose it is, and the URL of its file. */
export interface WatchedCode {
  readonly name: string;
  readonly file: string;
}

/** What both sides share: a counter that the loop raises, and the text of what was interrupted. */
export const WORDS = { beat: 0, length: 1, text: 8, bytes: 4096 } as const;

/** What the thread is started with. */
export interface WatcherOptions {
  readonly shared: SharedArrayBuffer;
  readonly pretty: boolean;
  readonly logFile: string;
  readonly every: Duration;
  readonly stall: Duration;
  readonly notice: Duration;
  /** How long the main thread has to show what it does; twice that to go on after it was interrupted. */
  readonly reach: Duration;
  /** A look that comes this late means that the whole process stood still: nobody is judged by that time. */
  readonly lateness: Duration;
}

/** One line for both copies of the log, written at once. */
type Write = (level: string, event: string, fields: object, msg: string) => void;
/** Where the main thread was seen: whose code, and which line of it. */
type Seen = (owner: string | null, where: string) => void;

/**
 * What the thread runs. It is started from the text of these functions, so nothing else of this module but types may be
 * used in them.
 */
export const WATCHER = [writerTo, ownerIn, lookAtMain, watchFromOutside] as const;

function writerTo(fs: typeof Fs, { pretty, logFile }: WatcherOptions): Write {
  return (level, event, fields, msg) => {
    const time = new Date().toISOString();
    const line = `${JSON.stringify({ level, time, component: "watch", event, ...fields, msg })}\n`;
    const shown = pretty ? `${time} ${level.toUpperCase().padEnd(5)} [watch] ${msg}\n` : line;
    const ways = [() => fs.writeSync(1, shown), () => fs.appendFileSync(logFile, line, { mode: 0o600 })];
    for (const way of ways) {
      try {
        way();
      } catch {
        // A log that can't be written stops nothing; the other copy has the line.
        continue;
      }
    }
  };
}

/** Whose code these files are, the innermost first; with only one that could be meant, that one. */
function ownerIn(code: readonly WatchedCode[], urls: readonly string[], guess: boolean): string | null {
  const folder = (file: string): string => file.slice(0, file.lastIndexOf("/") + 1);
  for (const url of urls) {
    const own =
      code.find(({ file }) => file === url) ?? code.find(({ file }) => url.startsWith(folder(file)));
    if (own !== undefined) return own.name;
  }
  return guess && code.length === 1 ? (code[0]?.name ?? null) : null;
}

/** Stops the main thread for a moment to see where it is; with `end` what it runs is unwound. */
function lookAtMain(
  inspector: typeof Inspector,
  reach: Duration,
  end: boolean,
  seen: (urls: readonly string[], where: string) => void,
): void {
  const session = new inspector.Session();
  let over = false;
  const finish = (urls: readonly string[], where: string): void => {
    if (over) return;
    over = true;
    clearTimeout(late);
    seen(urls, where);
    setTimeout(() => session.disconnect(), 50);
  };
  const late = setTimeout(() => finish([], "no line of JavaScript"), reach);
  session.connectToMainThread();
  // Frames name their script by a number only.
  const scripts = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }) => void scripts.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => {
    const all = params.callFrames.map(({ functionName, location }) => {
      const url = scripts.get(location.scriptId) ?? "";
      return { url, where: `${functionName} (${url}:${location.lineNumber + 1})`.trimStart() };
    });
    const frames = all.filter(({ url }) => !url.startsWith("node:"));
    // Before the main thread goes on: it asks at once what it was interrupted for.
    finish(
      frames.map(({ url }) => url),
      (frames[0] ?? all[0])?.where ?? "no line of JavaScript",
    );
    session.post("Debugger.resume");
    if (end) session.post("Runtime.terminateExecution");
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
}

/**
 * It writes its lines itself, synchronously. Through the inspector it looks at what the main thread is doing, and can
 * end it: the code that blocks is unwound, and the loop goes on. What doesn't run JavaScript, such as a synchronous
 * wait for a child process, can't be reached: then the process is killed, after its name was written down.
 */
function watchFromOutside(threads: typeof Threads, inspector: typeof Inspector, fs: typeof Fs): void {
  const options = threads.workerData as WatcherOptions;
  const { shared, every, reach, lateness, stall, notice } = options;
  const words = new Int32Array(shared);
  const write = writerTo(fs, options);
  let code: readonly WatchedCode[] = [];
  let limit: number | null = null;
  let last = { beat: -1, at: performance.now(), looked: performance.now() };
  let told = false;
  let interrupted: number | null = null;

  threads.parentPort?.on("message", (said: { code: readonly WatchedCode[]; limit: number | null }) => {
    ({ code, limit } = said);
  });
  const look = (end: boolean, seen: Seen): void =>
    lookAtMain(inspector, reach, end, (urls, where) => seen(ownerIn(code, urls, limit !== null), where));
  const name = (ms: number): void =>
    look(false, (plugin, where) => {
      const who = plugin === null ? "something" : `plugin "${plugin}"`;
      const msg = `[gateway] ${who} blocks the event loop: ${ms} ms at ${where}`;
      write("error", "loop.blocked", { plugin, where, ms }, msg);
    });
  const interrupt = (ms: number): void =>
    look(true, (owner, where) => {
      const bytes = Buffer.from(JSON.stringify({ owner, where: where.slice(0, 1000), ms }));
      new Uint8Array(shared).set(bytes, 8);
      Atomics.store(words, 1, bytes.length);
      const who = owner === null ? "something" : `plugin "${owner}"`;
      const msg = `[gateway] CRITICAL: ${who} blocked the event loop for ${ms} ms at ${where} while plugins load; it is interrupted`;
      write("fatal", "plugin.blocked", { plugin: owner, where, ms }, msg);
    });
  const kill = (): void => {
    const names = code.map((one) => `"${one.name}"`).join(", ");
    const msg = `[gateway] CRITICAL: a plugin blocks the event loop outside of JavaScript and can't be interrupted; the process is killed; loading: [${names}]`;
    write("fatal", "plugin.blocked", { loading: code.map((one) => one.name), killed: true }, msg);
    process.kill(process.pid, "SIGKILL");
  };
  setInterval(() => {
    const now = performance.now();
    const beat = Atomics.load(words, 0);
    const stoodStill = now - last.looked > every + lateness;
    last = beat === last.beat && !stoodStill ? { ...last, looked: now } : { beat, at: now, looked: now };
    const silent = Math.round(now - last.at);
    if (silent === 0) {
      told = false;
      interrupted = null;
    } else if (interrupted !== null) {
      if (limit !== null && now - interrupted > 2 * reach) kill();
    } else if (limit !== null && silent >= limit) {
      interrupted = now;
      interrupt(silent);
    } else if (!told && silent >= (limit === null ? stall : notice)) {
      told = true;
      name(silent);
    }
  }, every);
}
