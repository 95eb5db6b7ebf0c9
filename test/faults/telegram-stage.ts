// What tests of whole runs on Telegram share: an account on a strict fake, and what people read there.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { startTelegram, type FakeTelegram, type TelegramOptions } from "../fakes/telegram/server.ts";
import type { Gateway, Home } from "../gateway/program.ts";

export const PERSON = 12345;

/** A fake Telegram, and a home whose gateway answers everybody there with the echo harness. */
export async function telegramHome(
  t: TestContext,
  home: Home,
  config: object = {},
  account: object = {},
  fake: Partial<TelegramOptions> = {},
): Promise<FakeTelegram> {
  const telegram = await startTelegram({ token: "1:secret-of-the-test", limits: "off", ...fake });
  t.after(() => telegram.close());
  home.configure({ ...telegramConfig(telegram, account), ...config });
  return telegram;
}

export function telegramConfig(
  { token, root: apiRoot }: Pick<FakeTelegram, "token" | "root">,
  account: object = {},
): object {
  return {
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    channels: {
      telegram: {
        accounts: { default: { token, apiRoot, stream: "off", direct: { policy: "open" }, ...account } },
      },
    },
  };
}

/** Texts of the bot that are there to be read in a chat. */
export function answeredOn(telegram: FakeTelegram, chat = PERSON): readonly string[] {
  return telegram
    .chat(chat)
    .messages.filter(({ fromBot, deleted }) => fromBot && !deleted)
    .map(({ text }) => text);
}

/** Waits for something that must come, and says what was missing when it didn't. */
export async function eventually<T>(
  look: () => T | undefined | Promise<T | undefined>,
  what: string,
  within = 30_000,
): Promise<T> {
  for (const until = Date.now() + within; Date.now() < until; await wait(20)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new assert.AssertionError({ message: `never came: ${what}` });
}

/** All messages that a gateway has, newest first. */
export async function storedBy(gateway: Gateway): Promise<readonly Record<string, unknown>[]> {
  return (await gateway.api("/api/v1/messages?limit=200")).json["messages"] as Record<string, unknown>[];
}

/** Turns that were begun, by their id. */
export function turnsOf(gateway: Pick<Gateway, "lines">): ReadonlySet<unknown> {
  return new Set(gateway.lines.filter(({ event }) => event === "turn.started").map(({ turn }) => turn));
}
