import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { ErrorCode } from "../../src/core/errors.ts";
import { RollcallError } from "../../src/core/errors.ts";
import type { Attachment } from "../../src/core/message.ts";
import { SECOND } from "../../src/core/time.ts";
import type { Processes } from "../../src/ports/process.ts";
import { never, requestOf } from "../contracts/channel-suite.ts";
import { until } from "../contracts/until.ts";
import { startConnect, startSocks } from "../fakes/proxies.ts";
import { PERSON } from "../fakes/telegram/people.ts";
import { openRig, type RigOptions, type TelegramRig } from "./telegram-rig.ts";

let rig: TelegramRig;
let folder: string;
let target: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "rollcall-telegram-"));
  target = path.join(folder, "fetched");
});
afterEach(async () => {
  await rig.close();
  rmSync(folder, { recursive: true });
});

async function received(content: string, options: RigOptions = {}): Promise<Attachment> {
  rig = await openRig(options);
  rig.fake.sayFile({ kind: "document", name: "notes.txt", content });
  rig.run();
  await until(() => rig.intake.messages.length === 1, "received");
  const file = rig.intake.messages[0]?.body.attachments[0];
  assert.ok(file !== undefined);
  return file;
}

const fetchFile = (file: Attachment): Promise<void> | undefined => rig.channel.fetch?.(file, target, never());
const refOf = (file: Attachment): string => (file.source.kind === "platform" ? file.source.ref : "");
const fails = (code: ErrorCode) => (error: unknown) => {
  assert.ok(error instanceof RollcallError && error.code === code, String(error));
  assert.equal(existsSync(target), false, "nothing is left of it");
  return true;
};

describe("Telegram, files that came", () => {
  it("fetches one into its place", async () => {
    const file = await received("what was written");
    await fetchFile(file);
    assert.equal(readFileSync(target, "utf8"), "what was written");
  });

  it("refuses what is larger than the limit, told or not", async () => {
    const file = await received("x".repeat(3000), { options: { media: { max: "2KiB" } } });
    await assert.rejects(Promise.resolve(fetchFile(file)), fails("attachment-refused"));
    const { bytes: _bytes, ...untold } = file;
    const liar = await fetch(`${rig.fake.root}/bot${rig.fake.token}/getFile?file_id=${refOf(file)}`);
    const { result } = (await liar.json()) as { result: Record<string, unknown> };
    const body = JSON.stringify({ ok: true, result: { ...result, file_size: undefined } });
    rig.fake.script({ method: "getFile", trouble: { kind: "status", status: 200, body } });
    await assert.rejects(Promise.resolve(fetchFile(untold)), fails("attachment-refused"));
    await assert.rejects(Promise.resolve(fetchFile(untold)), fails("attachment-refused"));
    rig.fake.script({
      method: "getFile",
      trouble: { kind: "error", code: 400, description: "Bad Request: file is too big" },
    });
    await assert.rejects(Promise.resolve(fetchFile(untold)), fails("attachment-refused"));
  });

  it("refuses for ever what is gone, for now what can't be reached", async () => {
    const file = await received("content");
    const gone: Attachment = { ...file, source: { kind: "platform", ref: "unknown" } };
    await assert.rejects(Promise.resolve(fetchFile(gone)), fails("attachment-refused"));
    rig.fake.script({ method: "getFile", trouble: { kind: "drop" } });
    await assert.rejects(Promise.resolve(fetchFile(file)), fails("channel-unreachable"));
    const hang = rig.fake.script({ method: "getFile", trouble: { kind: "hang" } });
    const hung = assert.rejects(Promise.resolve(fetchFile(file)), fails("channel-unreachable"));
    await until(() => hang.left === 0, "hung");
    await rig.clock.advance(45 * SECOND);
    await hung;
  });

  for (const [name, start] of [
    ["SOCKS", startSocks],
    ["HTTP", startConnect],
  ] as const) {
    it(`goes through the ${name} proxy for polls, sends and files alike`, async () => {
      const proxy = await start();
      try {
        const file = await received("by proxy", {
          network: { ipFamily: "auto", proxy: proxy.url },
          // A name that nobody else can resolve: what doesn't go through the proxy fails.
          apiRoot: (root) => root.replace("127.0.0.1", "platform.invalid"),
        });
        await fetchFile(file);
        const address = { channel: "telegram", account: "default", conversation: String(PERSON) };
        const sent = await rig.channel.send(requestOf(address, { text: "answer", format: "plain" }), never());
        assert.equal(sent.kind, "sent");
        assert.equal(readFileSync(target, "utf8"), "by proxy");
        assert.ok(
          proxy.tunnels.length > 0 && proxy.tunnels.every((tunnel) => tunnel.startsWith("platform.invalid:")),
        );
      } finally {
        await proxy.close();
      }
    });
  }
});

describe("Telegram, voice notes", () => {
  const speaking = (code: number, stdout: string, seen: unknown[]): Processes => ({
    custodyLevel: "C0",
    spawn: () => Promise.reject(new TypeError("not here")),
    run: async (spec) => {
      seen.push([spec.command, spec.args, spec.cwd, Object.keys(spec.env)]);
      return { code, signal: null, stdout, stderr: "", timedOut: false };
    },
    reap: () => Promise.resolve({ survivors: 0 }),
    which: () => Promise.resolve(undefined),
  });
  const open = async (processes: Processes): Promise<string | null | undefined> => {
    rig = await openRig({ processes, options: { media: { transcribe: { command: ["listen", "--fast"] } } } });
    return rig.channel.transcribe?.(target, never());
  };

  it("become text by the configured command, which gets the path last and none of our secrets", async () => {
    const seen: [string, string[], string, string[]][] = [];
    process.env["TELEGRAM_BOT_TOKEN"] = "secret";
    try {
      assert.equal(await open(speaking(0, " hello there\n", seen)), "hello there");
    } finally {
      delete process.env["TELEGRAM_BOT_TOKEN"];
    }
    const [call] = seen;
    assert.deepEqual(call?.slice(0, 3), ["listen", ["--fast", target], folder]);
    assert.ok(call?.[3].includes("PATH") && !call[3].includes("TELEGRAM_BOT_TOKEN"));
  });

  it("stay voice notes when the command fails or says nothing", async () => {
    assert.equal(await open(speaking(1, "garbage", [])), null);
    await rig.close();
    assert.equal(await open(speaking(0, "\n", [])), null);
    await rig.close();
    rig = await openRig();
    assert.equal("transcribe" in rig.channel, false);
  });
});
