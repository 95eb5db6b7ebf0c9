import type { Address } from "../../src/core/address.ts";
import type { DeliveryBody } from "../../src/core/delivery.ts";
import type { Channel, ChannelDeps, NetworkConfig, SendOutcome } from "../../src/ports/channel.ts";
import type { Log } from "../../src/ports/log.ts";
import type { Processes } from "../../src/ports/process.ts";
import type { ChannelStore } from "../../src/ports/store.ts";
import { telegram } from "../../src/channels/telegram/channel.ts";
import { telegramSchema } from "../../src/channels/telegram/schema.ts";
import { unguarded, type Guard } from "../../src/ports/guard.ts";
import { createRecordingIntake, type RecordingIntake } from "../contracts/recording-intake.ts";
import { until } from "../contracts/until.ts";
import { createFakeClock, type FakeClock } from "../fakes/clock.ts";
import type { FakeMessage } from "../fakes/telegram/chats.ts";
import type { Trouble } from "../fakes/telegram/fault.ts";
import { startTelegram, type FakeTelegram, type TelegramOptions } from "../fakes/telegram/server.ts";

export const TOKEN = "7001:secret-of-the-test";

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: unknown;
}

export interface TelegramRig {
  readonly clock: FakeClock;
  readonly fake: FakeTelegram;
  readonly intake: RecordingIntake;
  readonly channel: Channel;
  readonly deps: ChannelDeps;
  readonly notes: Map<string, string>;
  readonly cursors: Map<string, { value: string; at: number }>;
  readonly log: readonly LogLine[];
  /** Runs until the test ends; resolves once it is connected. */
  connect(): Promise<void>;
  run(): { readonly ended: Promise<unknown>; stop(): Promise<unknown> };
  close(): Promise<void>;
}

export interface RigOptions {
  /** Over the account's options. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly fake?: Partial<TelegramOptions>;
  readonly network?: NetworkConfig;
  readonly processes?: Processes;
  readonly clock?: FakeClock;
  readonly apiRoot?: (root: string) => string;
  readonly guard?: Guard;
}

export function recordingLog(lines: LogLine[]): Log {
  const write = (level: string) => (event: string, fields: unknown) =>
    void lines.push({ level, event, fields });
  const log: Log = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    fatal: write("fatal"),
    child: () => log,
  };
  return log;
}

/** No test of a channel runs a program unless it brings its own. */
const noProcesses: Processes = {
  custodyLevel: "C0",
  spawn: () => Promise.reject(new TypeError("no processes here")),
  run: () => Promise.reject(new TypeError("no processes here")),
  reap: () => Promise.resolve({ survivors: 0 }),
  which: () => Promise.resolve(undefined),
};

export async function openRig(rig: RigOptions = {}): Promise<TelegramRig> {
  const clock = rig.clock ?? createFakeClock();
  const fake = await startTelegram({ token: TOKEN, clock, ...rig.fake });
  const intake = createRecordingIntake();
  const notes = new Map<string, string>();
  const cursors = new Map<string, { value: string; at: number }>();
  const lines: LogLine[] = [];
  const store: ChannelStore = {
    cursor: async (channel, account, identity) => cursors.get(`${channel}/${account}/${identity}`) ?? null,
    note: async (key) => notes.get(key) ?? null,
    setNote: async (key, value) => void (value === null ? notes.delete(key) : notes.set(key, value)),
  };
  const apiRoot = rig.apiRoot?.(fake.root) ?? fake.root;
  const options = telegramSchema.parse({ token: TOKEN, apiRoot, ...rig.options });
  const account = await telegram.plan({
    id: "default",
    options,
    at: "channels.telegram.accounts.default",
    baseDir: "/",
    secret: async (ref) => (typeof ref === "string" ? ref : ""),
  });
  const deps: ChannelDeps = {
    clock,
    random: { next: () => 0.5, secret: () => "secret", uuid: () => "uuid" },
    log: recordingLog(lines),
    intake,
    store,
    processes: rig.processes ?? noProcesses,
    network: rig.network ?? { ipFamily: "auto" },
    guard: rig.guard ?? unguarded,
    commands: [{ name: "help", about: "the commands" }],
  };
  const channel = account.open(deps);
  const stops: (() => Promise<unknown>)[] = [];
  const run: TelegramRig["run"] = () => {
    const stopping = new AbortController();
    const ended = channel.run(stopping.signal).catch((error: unknown) => error);
    const stop = (): Promise<unknown> => (stopping.abort(), ended);
    stops.push(stop);
    return { ended, stop };
  };
  return {
    clock,
    fake,
    intake,
    channel,
    deps,
    notes,
    cursors,
    log: lines,
    run,
    async connect() {
      run();
      await until(() => channel.state().status === "connected", "connected");
      await until(() => fake.updates.polling, "polling");
    },
    async close() {
      await Promise.all(stops.map((stop) => stop()));
      await fake.close();
    },
  };
}

/** A chat of the rig's account. */
export function place(conversation: number, thread?: number): Address {
  const address = { channel: "telegram", account: "default", conversation: String(conversation) };
  return thread === undefined ? address : { ...address, thread: String(thread) };
}

export function markdown(text: string, more: Partial<DeliveryBody> = {}): DeliveryBody {
  return { text, format: "markdown", ...more };
}

/** What people see of the bot in a chat. */
export function shownIn(fake: FakeTelegram, chat: number): readonly FakeMessage[] {
  return fake.chat(chat).messages.filter((message) => message.fromBot && !message.deleted);
}

/** The id of what was sent; the kind of outcome when it wasn't. */
export function sentId(outcome: SendOutcome): string {
  return outcome.kind === "sent" ? outcome.platformId : outcome.kind;
}

/** An answer of the Bot API that says no, for a script. */
export function refusal(
  code: number,
  description: string,
  parameters?: Readonly<Record<string, unknown>>,
): Trouble {
  return { kind: "error", code, description, ...(parameters && { parameters }) };
}
