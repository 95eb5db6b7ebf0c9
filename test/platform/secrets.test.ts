import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { RollcallError } from "../../src/core/errors.ts";
import type { SecretRef } from "../../src/core/secret.ts";
import { createRedactor } from "../../src/platform/redact.ts";
import { createSecrets, type SecretSources } from "../../src/platform/secrets.ts";

const VALUE = "s3cret-välue";

function sources(over: Partial<SecretSources> = {}): SecretSources {
  return {
    env: {},
    readFile: () => Promise.reject(Object.assign(new RangeError("no"), { code: "ENOENT" })),
    run: () => Promise.resolve({ code: 0, stdout: "", timedOut: false }),
    ...over,
  };
}

async function failure(over: Partial<SecretSources>, ref: SecretRef): Promise<string> {
  try {
    await createSecrets(sources(over)).resolve(ref, "channels.telegram.token");
  } catch (error) {
    assert.ok(error instanceof RollcallError);
    assert.deepEqual(
      [error.code, error.exit, error.at],
      ["secret-unresolved", 78, "channels.telegram.token"],
    );
    return error.detail ?? "";
  }
  return assert.fail("it resolved");
}

describe("a secret", () => {
  it("comes from the file itself, the environment, a file or a command, trimmed", async () => {
    const asked: string[] = [];
    const secrets = createSecrets(
      sources({
        env: { T: ` ${VALUE}\n` },
        baseDir: "/srv",
        readFile: (path) => {
          asked.push(path);
          return Promise.resolve(`${VALUE}\r\n`);
        },
        run: (command) => {
          asked.push(command.join(" "));
          return Promise.resolve({ code: 0, stdout: `${VALUE}\n`, timedOut: false });
        },
      }),
    );
    const refs: readonly SecretRef[] = [
      VALUE,
      { env: "T" },
      { file: "t.txt" },
      { file: "/abs" },
      { command: ["pass", "t"] },
    ];
    for (const ref of refs) assert.equal(await secrets.resolve(ref, "key"), VALUE);
    assert.deepEqual(asked, ["/srv/t.txt", "/abs", "pass t"]);
    assert.equal(secrets.redact(`token=${VALUE}`), "token=[secret]");
  });

  it("that isn't there names key and source, never a value", async () => {
    const at = "channels.telegram.token: ";
    assert.equal(await failure({}, { env: "TOKEN" }), `${at}the variable TOKEN is not set`);
    assert.equal(
      await failure({ env: { TOKEN: " \n" } }, { env: "TOKEN" }),
      `${at}the variable TOKEN is empty`,
    );
    assert.equal(await failure({}, { file: "t" }), `${at}the file t can't be read (ENOENT)`);
    assert.equal(await failure({}, { command: ["pass", "arg"] }), `${at}the command pass is empty`);
    const ends = (result: { code: number | null; timedOut: boolean }): Partial<SecretSources> => ({
      run: () => Promise.resolve({ ...result, stdout: VALUE }),
    });
    assert.equal(
      await failure(ends({ code: 3, timedOut: false }), { command: ["pass"] }),
      `${at}the command pass ended with 3`,
    );
    assert.equal(
      await failure(ends({ code: null, timedOut: true }), { command: ["pass"] }),
      `${at}the command pass took too long`,
    );
    assert.equal(
      await failure(ends({ code: null, timedOut: false }), { command: ["pass"] }),
      `${at}the command pass could not be run`,
    );
    assert.equal(
      await failure({ env: { T: "x".repeat(70_000) } }, { env: "T" }),
      `${at}the variable T is longer than 65536 characters`,
    );
  });
});

describe("taking secrets out", () => {
  const bytes = (text: string): Buffer => Buffer.from(text);

  it("finds a value as JSON, URLs, forms and base64 write it", () => {
    const value = 'a"b\\c d/e+f:ü\n0123456789ab';
    const redactor = createRedactor();
    redactor.guard(value);
    const written = [
      value,
      JSON.stringify(value),
      encodeURIComponent(value),
      encodeURIComponent(value).toLowerCase(),
      new URLSearchParams({ q: value }).toString(),
      bytes(value).toString("base64"),
      bytes(value).toString("base64url"),
      bytes(value).toString("hex"),
      "0123456789ab",
    ];
    for (const text of written) assert.match(redactor.redact(`<${text}>`), /\[secret\]/, text);
  });

  it("leaves short values and other texts alone, and takes the longest first", () => {
    const redactor = createRedactor();
    for (const value of ["12345", "abcdef", "abcdefgh", ""]) redactor.guard(value);
    assert.equal(redactor.redact("12345 abcde ABCDEF"), "12345 abcde ABCDEF");
    assert.equal(redactor.redact("abcdefgh abcdef"), "[secret] [secret]");
  });

  it("leaves no copy of any value, plain, in a URL or in basic authentication", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 10, maxLength: 60 }),
        fc.string(),
        fc.string(),
        (value, before, after) => {
          fc.pre(value.trim() === value && /[a-z0-9]{6}/i.test(value));
          const redactor = createRedactor();
          redactor.guard(value);
          const basic = bytes(`${before}:${value}:${after}`).toString("base64");
          assert.ok(!redactor.redact(before + value + after).includes(value));
          assert.ok(
            !redactor.redact(`https://h/${encodeURIComponent(value)}`).includes(encodeURIComponent(value)),
          );
          assert.ok(
            !bytes(redactor.redact(basic).split("[secret]")[0] ?? "")
              .toString()
              .includes(value),
          );
          assert.match(redactor.redact(basic), /\[secret\]/);
        },
      ),
    );
  });
});
