import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { DeliveryBody } from "../../src/core/delivery.ts";
import type { SendOutcome } from "../../src/ports/channel.ts";
import { never, requestOf } from "../contracts/channel-suite.ts";
import type { FakeMessage } from "../fakes/telegram/chats.ts";
import { PERSON } from "../fakes/telegram/people.ts";
import { openRig, place, shownIn, type TelegramRig } from "./telegram-rig.ts";

const direct = place(PERSON);

let rig: TelegramRig;
beforeEach(async () => {
  rig = await openRig();
  rig.fake.say("hi");
});
afterEach(() => rig.close());
const shown = (chat: number): readonly FakeMessage[] => shownIn(rig.fake, chat);
const send = (body: DeliveryBody): Promise<SendOutcome> => rig.channel.send(requestOf(direct, body), never());

describe("Telegram, files", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "rollcall-telegram-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const sendFile = (name: string, content: string | Buffer): Promise<SendOutcome> => {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    const [body] = rig.channel.plan(
      { text: "", files: [file] },
      { address: direct, quote: null, chat: "direct" },
    );
    assert.ok(body !== undefined);
    return send(body);
  };

  it("sends an image as a photo, anything else as a document", async () => {
    await sendFile("plot.png", Buffer.from("\x89PNG....", "latin1"));
    await sendFile("данные ü.csv", "a,b\n1,2\n");
    assert.deepEqual(
      shown(PERSON).map((m) => [m.file?.kind, m.file?.name]),
      [
        ["photo", "plot.png"],
        ["document", "данные ü.csv"],
      ],
    );
    assert.equal(shown(PERSON)[1]?.file?.bytes.toString(), "a,b\n1,2\n");
  });

  it("sends an image that Telegram can't show as a document", async () => {
    assert.equal((await sendFile("odd.png", "not an image")).kind, "sent");
    assert.equal(shown(PERSON)[0]?.file?.kind, "document");
  });

  it("sends a text that is the file itself", async () => {
    const file = { path: "", name: "answer.md", mime: "text/markdown", content: "# All of it" };
    await send({ text: "", format: "plain", file });
    assert.equal(shown(PERSON)[0]?.file?.bytes.toString(), "# All of it");
  });

  it("refuses what isn't there, and names no path", async () => {
    const file = { path: path.join(folder, "missing.pdf"), name: "missing.pdf", mime: "application/pdf" };
    const outcome = await send({ text: "", format: "plain", file });
    assert.equal(outcome.kind, "refused");
    assert.doesNotMatch(JSON.stringify(outcome), /missing|tmp/);
    assert.equal((await sendFile("empty.txt", "")).kind, "refused");
  });
});
