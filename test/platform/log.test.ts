import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as fc from "fast-check";
import { RollcallError } from "../../src/core/errors.ts";
import { createLog, type LogOptions } from "../../src/platform/log.ts";
import { createLogFile } from "../../src/platform/log-file.ts";
import { prettyLine } from "../../src/platform/log-line.ts";
import { createLogOutput } from "../../src/platform/log-output.ts";
import { createRedactor } from "../../src/platform/redact.ts";

let dir = "";
before(async () => {
  dir = await mkdtemp(join(tmpdir(), "rollcall-log-"));
});
after(() => rm(dir, { recursive: true, force: true }));

function logged(over: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const secrets = createRedactor();
  const log = createLog({
    format: "json",
    secrets,
    level: "info",
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    write: (line) => lines.push(line),
    ...over,
  });
  return {
    log,
    lines,
    secrets,
    last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown>,
  };
}

describe("a line of the log", () => {
  it("has time, level, component, event, fields and message", () => {
    const { log, lines, last } = logged();
    log.child("health").warn("gateway.holding", { waiting: 3, agent: "main" }, "one agent 100%s is missing");
    assert.deepEqual(last(), {
      time: "2026-01-02T03:04:05.006Z",
      level: "warn",
      component: "health",
      event: "gateway.holding",
      waiting: 3,
      agent: "main",
      msg: "one agent 100%s is missing",
    });
    assert.match(lines[0] ?? "", /^\{.*\}\n$/);
    log.debug("nothing", {});
    assert.equal(lines.length, 1);
  });

  it("writes errors, numbers, dates and circles as something to read", () => {
    const { log, last } = logged();
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const error = new RollcallError("store-io", { detail: "EIO", cause: new RangeError("disk") });
    log.error("x", {
      error,
      circle,
      n: Number.NaN,
      big: 2n,
      at: new Date(0),
      bytes: new Uint8Array(3),
      map: new Map([["a", 1]]),
      level: "mine",
    });
    const { error: written, ...rest } = last() as { error: Record<string, unknown> } & Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [written["name"], written["code"], written["message"]],
      ["RollcallError", "store-io", "The disk failed while committing: EIO"],
    );
    assert.equal((written["cause"] as Record<string, unknown>)["message"], "disk");
    assert.deepEqual(
      [rest["n"], rest["big"], rest["at"], rest["bytes"], rest["map"], rest["level"], rest["level_"]],
      ["NaN", "2", "1970-01-01T00:00:00.000Z", "[3 bytes]", { a: 1 }, "error", "mine"],
    );
  });

  it("is bounded, whatever comes in", () => {
    const { log, lines } = logged();
    log.info(
      "x",
      { text: "a".repeat(50_000_000), list: Array.from({ length: 10_000 }, () => "b") },
      "c".repeat(1_000_000),
    );
    assert.ok((lines[0] ?? "").length < 20_000);
  });

  it("never holds a secret, however it is written", () => {
    const { log, lines, secrets } = logged();
    const token = 'to"ken/with:signs';
    secrets.guard(token);
    log.info(
      "x",
      { token, url: `https://h/bot${encodeURIComponent(token)}/x`, error: new RangeError(token), [token]: 1 },
      `got ${token}`,
    );
    assert.doesNotMatch(lines.join(""), /ken.{0,3}with/);
    assert.doesNotThrow(() => JSON.parse(lines[0] ?? "") as unknown);
  });

  it("can't pass for another line, nor steer a terminal, in any format", () => {
    for (const format of ["json", "pretty"] as const) {
      const { log, lines } = logged({ format });
      log.info(
        "x",
        { "ke\ny\u001b": '\u001b[2J\r\n{"level":"fatal"}\u202e\u009b31m' },
        "a\r\nb\u2028c\u0007",
      );
      assert.equal(lines.join("").trimEnd().split("\n").length, 1);
      assert.doesNotMatch(lines.join("").trimEnd(), /[\p{Cc}\u202e\u2028]/u);
    }
  });

  it("is one line for any text", () => {
    const { log, lines, last } = logged();
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        log.info("x", { text }, text);
        assert.equal(last()["msg"], text.toWellFormed());
        assert.equal(lines.at(-1)?.indexOf("\n"), (lines.at(-1)?.length ?? 0) - 1);
      }),
    );
  });
});

describe("the log for people", () => {
  const line = JSON.stringify({
    level: "warn",
    time: "T",
    component: "health",
    event: "e.v",
    agent: "main",
    n: [1],
    text: "two words",
    msg: "ready",
  });

  it("shows time, level, component, message and fields", () => {
    assert.equal(prettyLine(line, false), 'T WARN  [health] ready agent=main n=[1] text="two words"');
    assert.ok(prettyLine(line, true).startsWith("\u001b[90mT\u001b[39m \u001b[33mWARN "));
    assert.equal(
      prettyLine('{"level":"info","component":"gateway","msg":"[gateway] CRITICAL: x"}', false).trim(),
      "INFO  [gateway] CRITICAL: x",
    );
    assert.equal(prettyLine("no json\u001b", false), "no json\\u001b");
  });

  it("shows an error's stack below", () => {
    const text = prettyLine(
      JSON.stringify({ msg: "m", error: { message: "no\u001b", stack: "E: no\n  at a\n  at b\u001b" } }),
      false,
    );
    assert.match(text, /error="no\\\\?u001b"\n {2}at a\n {2}at b\\u001b$/);
  });
});

describe("the log's copy", () => {
  it("is written beside the output, and closed to others", async () => {
    const file = join(dir, "state", "logs", "rollcall.jsonl");
    const { log } = logged({ format: "pretty", file });
    log.info("x", {}, "hello");
    log.close();
    assert.equal((JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>)["msg"], "hello");
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal((await stat(join(dir, "state", "logs"))).mode & 0o777, 0o700);
  });

  it("turns over at its size, and keeps only so many", async () => {
    const path = join(dir, "turn", "l.jsonl");
    const file = createLogFile({ path, maxBytes: 20, files: 3, retryAfter: 1, monotonic: () => 0 });
    for (let i = 0; i < 10; i++) file.write(`line ${i} ...\n`);
    file.close();
    const names = (await readdir(join(dir, "turn"))).sort();
    assert.deepEqual(names, ["l.jsonl", "l.jsonl.1", "l.jsonl.2"]);
    const text = await Promise.all(names.reverse().map((name) => readFile(join(dir, "turn", name), "utf8")));
    assert.equal(text.join(""), "line 7 ...\nline 8 ...\nline 9 ...\n");
  });

  it("that can't be written stops nothing, and is tried again later", async () => {
    const blocker = createLogFile({
      path: join(dir, "not-a-folder"),
      maxBytes: 99,
      files: 3,
      retryAfter: 1,
      monotonic: () => 0,
    });
    blocker.write("x\n");
    blocker.close();
    let now = 0;
    const file = createLogFile({
      path: join(dir, "not-a-folder", "l"),
      maxBytes: 99,
      files: 3,
      retryAfter: 10,
      monotonic: () => now,
    });
    file.write("lost\n");
    assert.notEqual(file.fault(), null);
    await rm(join(dir, "not-a-folder"));
    file.write("too early\n");
    now = 10;
    file.write("kept\n");
    assert.equal(file.fault(), null);
    file.close();
    assert.equal(await readFile(join(dir, "not-a-folder", "l"), "utf8"), "kept\n");
    await chmod(join(dir, "not-a-folder"), 0o700);
  });
});

describe("standard output", () => {
  const failing = (code: string): never => {
    throw Object.assign(new RangeError(code), { code });
  };

  it("whose reader went away is left alone", () => {
    let calls = 0;
    const write = createLogOutput(() => {
      calls++;
      return failing("EPIPE");
    });
    write("a\n");
    write("b\n");
    assert.equal(calls, 1);
  });

  it("that takes a part is given the rest; what it can't take is counted and told", () => {
    let taken = "";
    let room = 4;
    const write = createLogOutput((bytes) => {
      const part = bytes.subarray(0, room);
      if (part.length === 0) return failing("EAGAIN");
      taken += Buffer.from(part).toString();
      return part.length;
    });
    write("0123456789\n");
    room = 0;
    write("lost\n");
    room = 1000;
    write("next\n");
    const [first, told, last] = taken.split("\n");
    assert.deepEqual([first, last], ["0123456789", "next"]);
    assert.equal((JSON.parse(told ?? "") as Record<string, unknown>)["dropped"], 1);
  });
});
