import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as z from "zod";
import { RollcallError } from "../../src/core/errors.ts";
import { anchorSecret, parseSection } from "../../src/config/section.ts";

const schema = z.strictObject({
  token: z.string(),
  direct: z.strictObject({ policy: z.enum(["pairing", "open"]).default("pairing") }).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  stream: z.union([z.literal("auto"), z.strictObject({ every: z.number() })]).default("auto"),
});
const AT = "channels.telegram.accounts.default";

function problems(raw: unknown): readonly string[] {
  try {
    parseSection(schema, raw, AT);
    return [];
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error;
    assert.equal(error.code, "config-invalid");
    return (error.detail ?? "").split("\n");
  }
}

describe("a kind's own section", () => {
  it("is checked by its schema, defaults included", () => {
    assert.deepEqual(parseSection(schema, { token: "t", direct: {} }, AT), {
      token: "t",
      direct: { policy: "pairing" },
      headers: {},
      stream: "auto",
    });
  });

  it("has its problems named by their whole path", () => {
    assert.deepEqual(problems({ tokn: "t", direct: { policy: "opne" }, stream: { evry: 1 } }), [
      `${AT}.token: missing; expected a text`,
      `${AT}.direct.policy: expected one of "pairing", "open"; did you mean "open"?`,
      `${AT}.stream: invalid input`,
      `${AT}.tokn: unknown key; did you mean "token"?`,
    ]);
    assert.deepEqual(problems(undefined), [`${AT}: missing; expected a mapping of keys`]);
  });

  it("may hold free keys where its own keys are checked, and keeps maps as they are", () => {
    const section = parseSection(
      schema,
      { token: "t", "x-note": { a: 1 }, headers: { "x-key": "k" }, stream: { every: 1, "x-a": 2 } },
      AT,
    );
    assert.deepEqual(section, { token: "t", headers: { "x-key": "k" }, stream: { every: 1 } });
  });

  it("explains the branch that was meant", () => {
    assert.deepEqual(problems({ token: "t", stream: { every: 1, evry: 2 } }), [
      `${AT}.stream.evry: unknown key; did you mean "every"?`,
    ]);
  });

  it("is not changed by the check", () => {
    const raw = { token: "t", "x-note": 1 };
    parseSection(schema, raw, AT);
    assert.deepEqual(raw, { token: "t", "x-note": 1 });
  });
});

describe("a secret's file", () => {
  it("is looked for from the configuration's folder", () => {
    assert.deepEqual(anchorSecret({ file: "t.txt" }, "/srv"), { file: "/srv/t.txt" });
    assert.deepEqual(anchorSecret({ file: "/run/t" }, "/srv"), { file: "/run/t" });
    for (const ref of ["literal", { env: "T" }] as const) assert.equal(anchorSecret(ref, "/srv"), ref);
  });
});
