// What belongs together, with the gateway killed after its first piece was stored: the real program on a strict fake of
// Telegram, which keeps the rest.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeTelegram } from "../fakes/telegram/server.ts";
import { makeHome, startGateway } from "../gateway/program.ts";
import { answeredOn, eventually, storedBy, telegramHome, turnsOf } from "./telegram-stage.ts";

const QUEUE = { agents: { list: [{ id: "main", model: { primary: "echo/default" }, midTurn: "queue" }] } };

const paste = "lorem ipsum ".repeat(834);

const CASES: Readonly<
  Record<string, { readonly pieces: number; readonly say: (telegram: FakeTelegram) => void }>
> = {
  "an album of ten": {
    pieces: 10,
    say: (telegram) => void telegram.album(10, { caption: "look at these" }),
  },
  "a paste of 10,000 characters": {
    pieces: 3,
    say(telegram) {
      for (let at = 0; at < 10_000; at += 4096) telegram.say(paste.slice(at, Math.min(at + 4096, 10_000)));
    },
  },
  "a photo, then its comment": {
    pieces: 2,
    say(telegram) {
      telegram.sayFile({ kind: "photo", name: "a.jpg", content: "a" });
      telegram.say("what is this?");
    },
  },
};

for (const [name, { pieces, say }] of Object.entries(CASES)) {
  test(`${name}, killed after its first piece: one turn`, async (t) => {
    const home = makeHome(t);
    const telegram = await telegramHome(t, home, QUEUE);
    const gateway = await startGateway(t, home);
    await eventually(() => (telegram.updates.polling ? true : undefined), "the long poll");
    // The open poll brings the first piece; the next one never comes back.
    const hang = telegram.script({ method: "getUpdates", trouble: { kind: "hang" } });
    say(telegram);
    await gateway.logged("message.accepted");
    await eventually(() => (hang.left === 0 ? true : undefined), "the next poll");
    await gateway.kill();
    assert.equal(turnsOf(gateway).size, 0, "killed before anything ran");
    assert.equal(gateway.lines.filter(({ event }) => event === "message.accepted").length, 1);
    // The rest comes some time after the next start has looked at what waits.
    telegram.script({ method: "getUpdates", trouble: { kind: "delay", ms: 1500 } });
    const next = await startGateway(t, home);
    await eventually(async () => {
      const stored = await storedBy(next);
      return stored.length === pieces && stored.every(({ state }) => state === "done") ? true : undefined;
    }, `${pieces} pieces done`);
    const turns = turnsOf(next).size;
    t.diagnostic(`${name}, killed in between: turns ${turns}, messages ${pieces}, lost 0`);
    assert.equal(turns, 1);
    assert.ok(answeredOn(telegram).length >= 1);
    await next.stop();
  });
}
