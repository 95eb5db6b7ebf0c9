import assert from "node:assert/strict";
import { test } from "node:test";
import { InvariantBroken, invariant, unreachable } from "../../../src/core/assert.ts";
import {
  codeOf,
  ERRORS,
  EXIT,
  messageOf,
  RollcallError,
  toRollcallError,
  type ErrorCode,
} from "../../../src/core/errors.ts";
import { LIMITS } from "../../../src/core/limits.ts";

const CODES = Object.keys(ERRORS) as ErrorCode[];

test("every row says in one sentence each what is wrong and how to mend it", () => {
  for (const code of CODES) {
    const { exit, status, summary, fix } = ERRORS[code];
    assert.match(code, /^[a-z]+(-[a-z]+)*$/);
    assert.match(summary, /^[A-Z][^\n]*\.$/, code);
    assert.match(fix, /^[A-Z][^\n]*\.$/, code);
    assert.ok(exit !== EXIT.ok && Object.values(EXIT).includes(exit), code);
    assert.ok(Number.isInteger(status) && status >= 400 && status <= 599, code);
  }
});

test("an error carries its row, and a better remedy wins", () => {
  const error = new RollcallError("port-in-use", { detail: "18790, pid 7", at: "gateway.port" });
  assert.equal(error.message, "The port is in use: 18790, pid 7");
  assert.equal(error.exit, 75);
  assert.equal(error.status, 503);
  assert.equal(error.fix, ERRORS["port-in-use"].fix);
  assert.equal(new RollcallError("port-in-use", { fix: "Wait." }).fix, "Wait.");
  assert.equal(new RollcallError("bug").message, ERRORS.bug.summary);
});

test("what is not ours is a bug with its cause, and ours is left as it is", () => {
  const cause = new TypeError("x is not a function");
  const error = toRollcallError(cause);
  assert.equal(error.code, "bug");
  assert.equal(error.cause, cause);
  assert.match(error.message, /x is not a function/);
  assert.equal(toRollcallError(error), error);
  assert.equal(messageOf("thrown text"), "thrown text");
});

test("codes of system errors are read without trust", () => {
  assert.equal(codeOf({ code: "ENOENT" }), "ENOENT");
  for (const thrown of [null, undefined, "ENOENT", 7, { code: 7 }, {}])
    assert.equal(codeOf(thrown), undefined);
});

test("an invariant that holds is silent, one that doesn't is named", () => {
  invariant("I5", true, "never read");
  assert.throws(
    () => invariant("I5", false, "two answers"),
    (error) =>
      error instanceof InvariantBroken && error.invariant === "I5" && /I5.*two answers/.test(error.message),
  );
  assert.throws(() => unreachable("odd" as never), TypeError);
});

test("limits are whole and positive", () => {
  for (const [name, value] of Object.entries(LIMITS))
    assert.ok(Number.isSafeInteger(value) && value > 0, name);
});
