import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { messageOf } from "../core/errors.ts";
import { SECOND } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { FIELD_END, NOTIFY_SENDERS, type NotifySender } from "./notify-senders.ts";
import { which } from "./which.ts";

/** The wire to the supervisor that started this process, by the protocol of sd_notify(3). */
export interface Notify {
  /** Whether anybody listens. */
  readonly active: boolean;
  /** Sends one message, in order. Never throws: a supervisor that can't be reached must not stop the gateway. */
  send(fields: Readonly<Record<string, string>>): void;
  /** Waits until what was sent is out. Bounded by half a second. */
  close(): Promise<void>;
}

export interface NotifyDeps {
  /** Read for `NOTIFY_SOCKET`, and for the `PATH` on which a sender is looked for. */
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly log: Log;
  readonly senders?: readonly NotifySender[];
}

const SILENT_NOTIFY: Notify = { active: false, send: () => {}, close: async () => {} };

/** Looked at too: the PATH of a service is often short. */
const USUAL_PATH = "/usr/local/bin:/usr/bin:/bin";
/** systemd reads 4096 bytes of a message. */
const VALUE_UNITS = 1000;
const CLOSE_WITHIN = 0.5 * SECOND;

/** Opens the wire; a silent one when no supervisor asked for it, or nothing here can send. */
export async function createNotify(deps: NotifyDeps): Promise<Notify> {
  const socket = deps.env["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return SILENT_NOTIFY;
  if (!/^[@/]/.test(socket)) {
    deps.log.warn("notify.unreachable", { socket }, "only unix sockets can be notified");
    return SILENT_NOTIFY;
  }
  const path = `${deps.env["PATH"] ?? ""}:${USUAL_PATH}`;
  for (const sender of deps.senders ?? NOTIFY_SENDERS) {
    const file = await which(sender.command, path);
    if (file === undefined) continue;
    const env = { NOTIFY_SOCKET: socket, PATH: path };
    return sender.lasting ? lasting(deps, file, sender, env) : eachTime(deps, file, env);
  }
  deps.log.error(
    "notify.unreachable",
    { socket },
    "the supervisor waits for a word, and neither perl, python3 nor systemd-notify is there to send it",
  );
  return SILENT_NOTIFY;
}

type Environment = Readonly<Record<string, string>>;

/** One process that sends until its input ends. When it dies, the next message starts another. */
function lasting(deps: NotifyDeps, file: string, { args }: NotifySender, env: Environment): Notify {
  let child: ChildProcess | null = null;
  let closing = false;
  const start = (): ChildProcess => {
    // A group of its own, so that Ctrl-C at a terminal doesn't end it before the last word.
    const started = spawn(file, args, { env, stdio: ["pipe", "ignore", "ignore"], detached: true, cwd: "/" });
    started.stdin?.on("error", (error) => deps.log.debug("notify.stream", { error: messageOf(error) }));
    const gone = (how: string): void => {
      if (child !== started) return;
      child = null;
      if (!closing) deps.log.warn("notify.sender_ended", { how }, "the next message starts another");
    };
    started.on("error", (error) => gone(messageOf(error)));
    started.on("exit", (code, signal) => gone(signal ?? `code ${code}`));
    started.unref();
    return started;
  };
  return {
    active: true,
    send(fields) {
      child ??= start();
      child.stdin?.write(`${fieldLines(fields).join(FIELD_END)}\n`);
    },
    async close() {
      closing = true;
      const last = child;
      if (last === null) return;
      last.ref();
      const over = new AbortController();
      const ended = once(last, "exit", { signal: over.signal }).catch(() => undefined);
      last.stdin?.end();
      await Promise.race([ended, deps.clock.sleep(CLOSE_WITHIN, over.signal)]);
      over.abort();
      last.unref();
    },
  };
}

/** One run of `systemd-notify` for each message, one after another: it waits until the supervisor has read it. */
function eachTime(deps: NotifyDeps, file: string, env: Environment): Notify {
  let last: Promise<unknown> = Promise.resolve();
  const run = async (fields: readonly string[]): Promise<void> => {
    try {
      const child = spawn(file, fields, { env, stdio: "ignore", detached: true, cwd: "/" });
      await once(child, "exit");
    } catch (error) {
      deps.log.warn("notify.failed", { error: messageOf(error) });
    }
  };
  return {
    active: true,
    send: (fields) => void (last = last.then(() => run(fieldLines(fields)))),
    async close() {
      const over = new AbortController();
      await Promise.race([last, deps.clock.sleep(CLOSE_WITHIN, over.signal)]);
      over.abort();
    },
  };
}

/** `NAME=value`, each on a line of its own whatever the value holds. */
function fieldLines(fields: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(fields).map(
    ([name, value]) => `${name}=${value.replace(/\p{Cc}+/gu, " ").slice(0, VALUE_UNITS)}`,
  );
}
