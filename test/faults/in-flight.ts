// Twenty messages in flight, each in a conversation of its own, on the real program with the echo harness.
import assert from "node:assert/strict";
import type { Home } from "../gateway/program.ts";
import { replyOf, type Gateway } from "../gateway/program.ts";

export const IN_FLIGHT = 20;
const NAMES = Array.from({ length: IN_FLIGHT }, (_, i) => `c${i}`);
const textOf = (name: string): string => `words of ${name}`;

/** A turn says three words, one a second. */
export function configureSlow(home: Home, grace: string): void {
  home.configure({
    gateway: { drain: { grace } },
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    harnesses: { echo: { delay: "1s" } },
  });
}

const post = (gateway: Gateway, name: string, wait: string) =>
  gateway.api(`/api/v1/messages${wait}`, {
    body: { text: textOf(name), conversation: name, id: name },
  });

/** Sends them all, and resolves when every one of them runs. */
export async function sendAll(gateway: Gateway): Promise<void> {
  await Promise.all(NAMES.map((name) => post(gateway, name, "")));
  await gateway.loggedTimes("turn.started", IN_FLIGHT);
}

/** How many are there, how many were answered with their own words, and how often each answer was sent. */
export async function countAnswers(
  gateway: Gateway,
): Promise<{ readonly kept: number; readonly answered: number; readonly once: number }> {
  const answers = await Promise.all(NAMES.map((name) => post(gateway, name, "?wait=30")));
  const replies = answers.map(({ json }, i) => replyOf(json) === textOf(NAMES[i] ?? ""));
  const { json } = await gateway.api("/api/v1/messages?limit=200");
  const messages = json["messages"] as readonly { deliveries: readonly { kind: string; state: string }[] }[];
  const once = messages.filter(
    ({ deliveries }) =>
      deliveries.filter(({ kind, state }) => kind === "reply" && state === "sent").length === 1,
  );
  return { kept: messages.length, answered: replies.filter(Boolean).length, once: once.length };
}

export function assertAll(counted: Awaited<ReturnType<typeof countAnswers>>): void {
  assert.deepEqual(counted, { kept: IN_FLIGHT, answered: IN_FLIGHT, once: IN_FLIGHT });
}
