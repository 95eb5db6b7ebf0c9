import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createWriteStream } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { createGzip, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { pack, type PackItem } from "../../src/archive/pack.ts";
import { unpack } from "../../src/archive/unpack.ts";
import { readPax, tarHeader, readHeader } from "../../src/archive/tar.ts";
import { RollcallError } from "../../src/core/errors.ts";

const HEAD = {
  version: "1.0.0",
  at: "2026-01-01T00:00:00.000Z",
  commit: 42,
  home: "/home/bot",
  config: "/etc/rollcall.json5",
  secrets: false,
  leftOut: [],
};
const LONG = `attachments/${"f".repeat(32)}/${"ä".repeat(90)}.txt`;

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-archive-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function write(path: string, items: readonly PackItem[]): Promise<void> {
  await pipeline(Readable.from(pack(items, HEAD)), createGzip({ level: 1 }), createWriteStream(path));
}

/** An archive with a store, a file with a long name, a record and a configuration. */
async function sample(t: TestContext): Promise<{ readonly dir: string; readonly path: string }> {
  const dir = folder(t);
  writeFileSync(join(dir, "store"), Buffer.alloc(300_000, "store"));
  writeFileSync(join(dir, "file"), "");
  writeFileSync(join(dir, "record"), '{"line":1}\n');
  const record = { harness: "claude-cli", native: "n", path: "/home/bot/.claude/x.jsonl" };
  const path = join(dir, "sample.tar.gz");
  await write(path, [
    { name: "store.db", path: join(dir, "store") },
    { name: LONG, path: join(dir, "file") },
    { name: "attachments/gone/x", path: join(dir, "gone") },
    { name: "sessions/1", path: join(dir, "record"), record },
    { name: "config/rollcall.json5", text: "{}" },
  ]);
  return { dir, path };
}

async function faultOf(path: string): Promise<string> {
  const fault = await unpack(path, null).then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(fault instanceof RollcallError, `${path} is refused`);
  assert.equal(fault.code, "backup-unreadable");
  assert.ok(fault.message.includes(path), "the file is named");
  return fault.message;
}

describe("an archive", () => {
  it("gives back what was put in, with its manifest", async (t) => {
    const { dir, path } = await sample(t);
    const into = join(dir, "out");
    mkdirSync(into);
    const manifest = await unpack(path, into);
    assert.equal(manifest.commit, 42);
    assert.deepEqual(
      manifest.files.map(({ name, bytes }) => [name, bytes]),
      [
        ["store.db", 300_000],
        [LONG, 0],
        ["sessions/1", 11],
        ["config/rollcall.json5", 2],
      ],
    );
    assert.deepEqual(manifest.records, [
      { name: "sessions/1", harness: "claude-cli", native: "n", path: "/home/bot/.claude/x.jsonl" },
    ]);
    assert.ok(readFileSync(join(into, "store.db")).equals(readFileSync(join(dir, "store"))));
    assert.equal(readFileSync(join(into, LONG), "utf8"), "");
  });

  it("is a tar that other programs read", async (t) => {
    const { dir, path } = await sample(t);
    const listed = execFileSync("tar", ["-tzf", path, "--quoting-style=literal"], { encoding: "utf8" });
    assert.deepEqual(listed.trim().split("\n"), [
      "store.db",
      LONG,
      "sessions/1",
      "config/rollcall.json5",
      "manifest.json",
    ]);
    const out = join(dir, "tar");
    mkdirSync(out);
    execFileSync("tar", ["-xzf", path, "-C", out]);
    assert.ok(readFileSync(join(out, "store.db")).equals(readFileSync(join(dir, "store"))));
  });

  it("names what is wrong: cut off anywhere, a flipped bit anywhere, or no archive at all", async (t) => {
    const { dir, path } = await sample(t);
    const whole = readFileSync(path);
    const other = join(dir, "other.tar.gz");
    for (const cut of [0, 10, 1000, whole.length - 1, whole.length - 9]) {
      writeFileSync(other, whole.subarray(0, cut));
      await faultOf(other);
    }
    const plain = gunzipSync(whole);
    for (let at = 0; at < plain.length; at += 997) {
      const flipped = Buffer.from(plain);
      flipped[at] = (flipped[at] ?? 0) ^ 4;
      writeFileSync(other, gzipSync(flipped, { level: 0 }));
      const padding = plain[at] === 0;
      if (!padding) await faultOf(other);
    }
    writeFileSync(other, "hello");
    assert.match(await faultOf(other), /no backup/);
    assert.match(await faultOf(join(dir, "nobody.tar.gz")), /ENOENT/);
    writeFileSync(other, whole);
    appendFileSync(other, gzipSync("more"));
    assert.match(await faultOf(other), /follows its end/);
  });

  it("tells a damaged file by its name", async (t) => {
    const { dir, path } = await sample(t);
    const plain = gunzipSync(readFileSync(path));
    plain[5000] = (plain[5000] ?? 0) ^ 1;
    const other = join(dir, "other.tar.gz");
    writeFileSync(other, gzipSync(plain));
    assert.match(await faultOf(other), /store\.db is damaged/);
    const without = Buffer.concat([plain.subarray(Math.ceil(300_000 / 512) * 512 + 512)]);
    writeFileSync(other, gzipSync(without));
    assert.match(await faultOf(other), /store\.db is missing/);
  });

  it("never writes out of its folder, and takes nothing that no backup has", async (t) => {
    const dir = folder(t);
    const path = join(dir, "evil.tar.gz");
    for (const name of [
      "../evil",
      "attachments/../../evil",
      "/etc/evil",
      "attachments//evil",
      "logs/evil",
      "attachments/a\\b",
    ]) {
      await write(path, [
        { name: "store.db", text: "x" },
        { name, text: "evil" },
      ]);
      assert.match(await faultOf(path), /no backup has/);
    }
    await write(path, [
      { name: "store.db", text: "x" },
      { name: "store.db", text: "y" },
    ]);
    assert.match(await faultOf(path), /one too many/);
    await write(path, [{ name: "config/a", text: "x" }]);
    assert.match(await faultOf(path), /has no store/);
  });

  it("any name and size come back from a header", () => {
    const part = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 120 })
      .filter((s) => !/[\0\n/]/.test(s));
    fc.assert(
      fc.property(part, fc.nat({ max: 2 ** 40 }), (name, bytes) => {
        const blocks = tarHeader({ name, bytes, changedAt: 1 });
        const first = readHeader(blocks.subarray(0, 512));
        assert.ok(first);
        if (first.type === "0") return assert.deepEqual([first.name, first.bytes], [name, bytes]);
        const pax = readPax(blocks.subarray(512, 512 + first.bytes));
        const last = readHeader(blocks.subarray(-512));
        assert.ok(last);
        assert.equal(pax.get("path") ?? last.name, name);
        assert.equal(Number(pax.get("size") ?? last.bytes), bytes);
        return undefined;
      }),
      { examples: [[" ", 0]] },
    );
  });
});
