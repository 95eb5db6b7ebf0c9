// Messages beyond all measure, through the platform and through the API: bounded, refused, told, and passed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { makeHome, startGateway, type Gateway } from "../gateway/program.ts";
import { answeredOn, eventually, PERSON, storedBy, telegramHome } from "./telegram-stage.ts";

const MIB = 1024 * 1024;
const LONG = 50 * MIB;

/** Resident memory and its highest point so far, in MiB. */
function memoryOf({ pid }: Gateway): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (name: string): number =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024);
  return { now: read("VmRSS"), peak: read("VmHWM") };
}

const inPlace = (text: string): object => ({
  message_id: 900,
  from: { id: PERSON, is_bot: false, first_name: "Ada" },
  chat: { id: PERSON, type: "private", first_name: "Ada" },
  date: 1_800_000_000,
  text,
});

test("50 MB of text and JSON that is nested without end, from the platform", async (t) => {
  const home = makeHome(t);
  const telegram = await telegramHome(t, home);
  const gateway = await startGateway(t, home);
  telegram.say("before");
  await eventually(() => (answeredOn(telegram).includes("before") ? true : undefined), "before");
  const { now: quiet } = memoryOf(gateway);
  telegram.say("a long one, that fits: ".padEnd(300_000, "x"));
  telegram.updates.push("message", inPlace("x".repeat(LONG)));
  let deep: unknown = [];
  for (let depth = 0; depth < 2000; depth++) deep = [deep];
  telegram.updates.push("message", { ...inPlace("deep"), message_id: 901, reply_to_message: { chat: deep } });
  telegram.updates.push("message", { chat: deep });
  telegram.say("after");
  await eventually(
    () => (answeredOn(telegram).some((text) => text.includes("after")) ? true : undefined),
    "after",
  );
  const { now, peak } = memoryOf(gateway);
  const told = answeredOn(telegram).filter((text) => /too long|couldn't be read/.test(text));
  const kept = (await storedBy(gateway)).filter(({ state }) => state === "quarantined");
  const raw = Math.max(...kept.map(({ text }) => String(text).length));
  t.diagnostic(
    `50 MB of text, deep JSON from the platform: RSS ${quiet} to ${now} MiB (peak ${peak}), told ${told.length}, kept unread ${kept.length} with at most ${raw} characters`,
  );
  assert.equal(
    told.length,
    2,
    "the one that is too long for the agent, and the one that is too long to be read",
  );
  assert.equal(kept.length, 2);
  assert.ok(raw < 20_000);
  assert.ok(peak < quiet + 200, `${peak} MiB`);
  assert.equal(telegram.updates.waiting.length, 0);
  await gateway.stop();
});

test("50 MB of text and JSON that is nested without end, to the API", async (t) => {
  const home = makeHome(t);
  home.configure({ agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } });
  const gateway = await startGateway(t, home);
  const { now: quiet } = memoryOf(gateway);
  const post = async (body: string): Promise<readonly [number, unknown]> => {
    const answer = await fetch(`${gateway.url}/api/v1/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${gateway.token}`, "content-type": "application/json" },
      body,
    });
    return [answer.status, ((await answer.json()) as { code: unknown }).code];
  };
  assert.deepEqual(await post(JSON.stringify({ text: "x".repeat(LONG) })), [413, "request-too-large"]);
  assert.deepEqual(await post(JSON.stringify({ text: "x".repeat(1_000_000) })), [413, "message-too-long"]);
  assert.deepEqual(await post(`{"text":${"[".repeat(1_000_000)}`), [400, "request-malformed"]);
  assert.deepEqual(await post(`{"text":${"[".repeat(50_000)}${"]".repeat(50_000)}}`), [
    400,
    "request-malformed",
  ]);
  const { now, peak } = memoryOf(gateway);
  t.diagnostic(`50 MB of text, deep JSON to the API: RSS ${quiet} to ${now} MiB (peak ${peak}), kept 0`);
  assert.deepEqual(await storedBy(gateway), []);
  assert.ok(peak < quiet + 200, `${peak} MiB`);
  const answered = await gateway.api("/api/v1/messages?wait=10", { body: { text: "still here?" } });
  assert.equal(answered.status, 200);
  await gateway.stop();
});
