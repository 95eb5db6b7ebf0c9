// The outbox over the real Telegram channel, a strict fake of the platform and a clock that the test moves. What people
// see is read from the platform's own record.
import { parseAddress, type Address } from "../../src/core/address.ts";
import {
  openRig as openTelegram,
  type RigOptions as TelegramOptions,
  type TelegramRig,
} from "../channels/telegram-rig.ts";
import { until } from "../contracts/until.ts";
import { settle, type FakeClock } from "../fakes/clock.ts";
import { createRig, type Rig, type RigOptions } from "../fakes/core-rig.ts";
import type { ScriptChannel } from "../fakes/script-channel.ts";
import type { Call, FakeTelegram } from "../fakes/telegram/server.ts";

export interface OutboxRig {
  readonly rig: Rig;
  readonly fake: FakeTelegram;
  readonly clock: FakeClock;
  readonly telegram: TelegramRig;
  /** Moves the clock on in small steps, with real I/O between them, until it holds. */
  readonly pass: (span: number, holds?: () => boolean | Promise<boolean>) => Promise<void>;
  /** What people see of the bot in a chat. */
  readonly shown: (chat: number) => readonly string[];
  /** Messages that the platform was asked to send, as it saw them. */
  readonly sends: (chat?: number) => readonly Call[];
  close(): Promise<void>;
}

export function place(chat: number): Address {
  return parseAddress(`telegram/default/${chat}`) ?? { channel: "", account: "", conversation: "" };
}

const STEP = 100;

export async function openOutboxRig(
  options: RigOptions = {},
  telegram: TelegramOptions = {},
): Promise<OutboxRig> {
  const sent = await openTelegram(telegram);
  const { clock, fake, channel } = sent;
  // The rig's own means look at what a scripted channel was asked for; this one has a platform that knows.
  const rig = await createRig({ ...options, clock, channel: channel as ScriptChannel });
  await sent.connect();
  return {
    rig,
    fake,
    clock,
    telegram: sent,
    async pass(span, holds = () => false) {
      for (let left = span; left > 0 && !(await holds()); left -= STEP) {
        await clock.advance(Math.min(STEP, left));
        await idle(fake);
      }
    },
    shown: (chat) =>
      fake.chat(chat).messages.flatMap(({ fromBot, deleted, text }) => (fromBot && !deleted ? [text] : [])),
    sends: (chat) =>
      fake.calls.filter(
        ({ method, params }) =>
          method === "sendMessage" && (chat === undefined || Number(params["chat_id"]) === chat),
      ),
    async close() {
      await rig.stop();
      await sent.close();
    },
  };
}

/** Lets requests that are under way come to their end: those that the platform answers. */
async function idle(fake: FakeTelegram): Promise<void> {
  await settle(2);
  const busy = (): boolean =>
    fake.calls.some(({ method, outcome }) => outcome === "pending" && method !== "getUpdates");
  if (busy()) await until(() => !busy(), "the platform's answers");
  await settle(6);
}
