import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RollcallError } from "../../src/core/errors.ts";
import { parseMessageRequest } from "../../src/http/parse-message.ts";
import { parseStrictJson } from "../../src/http/strict-json.ts";
import { openRig } from "./rig.ts";

const PATH = "/api/v1/messages";

/** What a body is refused with; null when it is taken. */
function refusal(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    assert.ok(error instanceof RollcallError, String(error));
    return [error.code, error.at].filter(Boolean).join(" ");
  }
}
const parse = (body: unknown): string | null => refusal(() => parseMessageRequest(body));

test("every field is checked, and the one that is wrong is named", () => {
  const file = { name: "a", mime: "text/plain", data: "" };
  const cases: readonly (readonly [unknown, string | null])[] = [
    [{ text: "x" }, null],
    [{ text: "--dangerously-skip-permissions $(id)" }, null],
    [{ attachments: [file] }, null],
    [null, "request-malformed"],
    [[], "request-malformed"],
    ["x", "request-malformed"],
    [{}, "message-empty text"],
    [{ text: " \n" }, "message-empty text"],
    [{ text: 1 }, "request-malformed text"],
    [{ text: null }, "request-malformed text"],
    [{ text: "x".repeat(200_001) }, "message-too-long text"],
    [{ text: "x", txet: "y" }, "request-malformed txet"],
    [JSON.parse('{"text":"x","__proto__":{"role":"owner"}}'), "request-malformed __proto__"],
    [{ text: "x", role: "owner" }, "request-malformed role"],
    [{ text: "x", sender: { id: "1" } }, "request-malformed sender"],
    [{ text: "x", session: "agent:main:telegram:direct:1" }, "request-malformed session"],
    [{ text: "x", conversation: "" }, "request-malformed conversation"],
    [{ text: "x", conversation: "web/default/a" }, "request-malformed conversation"],
    [{ text: "x", conversation: "a\nb" }, "request-malformed conversation"],
    [{ text: "x", conversation: "c".repeat(201) }, "request-malformed conversation"],
    [{ text: "x", id: 5 }, "request-malformed id"],
    [{ text: "x", id: "\0" }, "request-malformed id"],
    [{ text: "x", to: "telegram" }, "address-unknown to"],
    [{ text: "x", to: "a/b/%" }, "address-unknown to"],
    [{ attachments: {} }, "request-malformed attachments"],
    [{ attachments: Array.from({ length: 11 }, () => file) }, "attachment-refused attachments"],
    [{ attachments: [file, "x"] }, "request-malformed attachments.1"],
    [{ attachments: [{ ...file, url: "http://169.254.169.254/" }] }, "request-malformed attachments.0.url"],
    [{ attachments: [{ ...file, mime: "text" }] }, "request-malformed attachments.0.mime"],
    [{ attachments: [{ ...file, name: "a\0b" }] }, "request-malformed attachments.0.name"],
    [{ attachments: [{ ...file, data: undefined }] }, "request-malformed attachments.0.data"],
    [{ attachments: [{ ...file, data: "a" }] }, "request-malformed attachments.0.data"],
    [{ attachments: [{ ...file, data: "YQ" }] }, "request-malformed attachments.0.data"],
    [{ attachments: [{ ...file, data: "YQ==\n" }] }, "request-malformed attachments.0.data"],
  ];
  for (const [body, expected] of cases) {
    assert.equal(parse(body), expected, JSON.stringify(body)?.slice(0, 100));
  }
});

test("an attachment beyond the limit is refused", () => {
  const data = Buffer.alloc(20 * 1024 * 1024 + 1).toString("base64");
  const body = { attachments: [{ name: "a", mime: "a/b", data }] };
  assert.equal(parse(body), "attachment-refused attachments.0.data");
});

test("lone surrogates don't get through", () => {
  assert.equal(parseMessageRequest({ text: "a\ud800b" }).text, "a\ufffdb");
});

test("whatever the body is, it is read or refused by its code, and prototypes stay clean", () => {
  const value = fc.oneof(fc.anything(), fc.string(), fc.constant(undefined));
  const body = fc.record(
    {
      text: value,
      agent: value,
      conversation: value,
      id: value,
      to: value,
      attachments: fc.oneof(
        value,
        fc.array(fc.record({ name: value, mime: value, data: value }, { requiredKeys: [] })),
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.anything(), body), (input) => {
      if (refusal(() => parseMessageRequest(input)) === null) {
        const { text, conversation, attachments } = parseMessageRequest(input);
        assert.ok(text.trim() !== "" || attachments.length > 0);
        assert.ok(conversation !== "" && !conversation.includes("/"));
      }
      assert.equal(Object.keys(Object.prototype).length, 0);
    }),
    { numRuns: 2000, seed: 7 },
  );
});

test("strict JSON is JSON without twice-named keys and without depth", () => {
  const strict = (text: string): string | null => refusal(() => parseStrictJson(text, 8));
  assert.equal(strict('{"a":1,"b":{"a":[{"a":1},{"a":2}]}}'), null);
  assert.equal(strict('{"a":"\\"a\\":","b":"\\\\","c":["a","a"]}'), null);
  assert.equal(strict('{"a":1,"b":2,"a":3}'), "request-malformed a");
  assert.equal(strict('{"a":1,"\\u0061":2}'), "request-malformed a");
  assert.equal(strict('{"x":{"a" : 1,\n"a"\t: 2}}'), "request-malformed a");
  assert.equal(strict("[".repeat(8) + "]".repeat(8)), null);
  assert.equal(strict("[".repeat(9) + "]".repeat(9)), "request-malformed");
  for (const text of ["", "{", "{'a':1}", '{"a":1,}', "NaN", '"\n"', "[1]x"])
    assert.equal(strict(text), "request-malformed", text);
});

test("strict JSON reads what JSON.stringify writes, the same", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.deepEqual(parseStrictJson(text, 1000), JSON.parse(text));
    }),
    { numRuns: 500, seed: 7 },
  );
});

test("a body that isn't plain JSON is refused, leaves nothing, and one line of the log without it", async (t) => {
  const rig = await openRig(t);
  const cases: readonly (readonly [string | undefined, Record<string, string>, number, string])[] = [
    ['{"text":"hush"', {}, 400, "request-malformed"],
    ['{"text":"hush","text":"hush"}', {}, 400, "request-malformed"],
    ['{"text":"hush"}', { "content-type": "text/plain" }, 415, "media-type"],
    ['{"text":"hush"}', { "content-type": "application/json; charset=latin1" }, 415, "media-type"],
    ['{"text":"hush"}', { "content-encoding": "gzip" }, 415, "media-type"],
    ['{"text":"hush","hush":1}', {}, 400, "request-malformed"],
    [undefined, {}, 400, "message-empty"],
  ];
  for (const [body, headers, status, code] of cases) {
    const before = rig.logged.length;
    const told = await rig.ask({ method: "POST", path: `${PATH}?wait=1`, body, headers });
    assert.deepEqual([told.status, told.json["code"]], [status, code], body);
    assert.equal(told.headers["content-type"], "application/problem+json");
    assert.equal(rig.logged.length, before + 1);
    assert.ok(!JSON.stringify(rig.logged.at(-1)).includes('"text":"hush"'));
  }
  assert.equal(rig.desk.messages.size, 0);
});

test("a body that isn't UTF-8 is refused", async (t) => {
  const rig = await openRig(t);
  const bytes = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
  const response = await fetch(`http://127.0.0.1:${rig.port}${PATH}`, {
    method: "POST",
    headers: { authorization: "Bearer the-token-of-the-tests", "content-type": "application/json" },
    body: bytes,
  });
  assert.equal(response.status, 400);
  assert.equal(((await response.json()) as { detail: string }).detail, "the body is not UTF-8");
});

test("unknown paths, wrong methods and odd targets have their answers", async (t) => {
  const rig = await openRig(t);
  const told = async (method: string, path: string): Promise<unknown> => {
    const { status, json, headers } = await rig.ask({ method, path });
    return [status, json["code"], headers.allow].join(" ").trim();
  };
  assert.equal(await told("GET", "/api/v1/nowhere"), "404 not-found");
  assert.equal(await told("GET", "/v1/models"), "404 not-found");
  assert.equal(await told("GET", "/../../etc/passwd"), "404 not-found");
  assert.equal(await told("GET", "/api/v1/messages/%ff"), "404 not-found");
  assert.equal(await told("GET", "/api/v1/messages/"), "404 not-found");
  assert.equal(await told("GET", "//api/v1/status"), "404 not-found");
  assert.equal(await told("PUT", PATH), "405 method-refused POST, GET, HEAD, OPTIONS");
  assert.equal(await told("OPTIONS", PATH), "204  POST, GET, HEAD, OPTIONS");
  assert.equal(await told("POST", "/"), "405 method-refused GET, HEAD, OPTIONS");
  assert.equal(await told("GET", "http://evil.com/api/v1/status"), "400 request-malformed");
  const head = await rig.ask({ method: "HEAD", path: "/api/v1/status" });
  assert.deepEqual([head.status, head.text], [200, ""]);
});
