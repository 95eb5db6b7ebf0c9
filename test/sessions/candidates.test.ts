import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ownOnly, type Runner } from "../../src/sessions/candidates.ts";
import { createScriptHarness } from "../fakes/script-harness.ts";

const candidate = (harness: string): Runner["candidate"] => ({ harness, model: "default" });
const runner = (id: string): Runner => ({
  candidate: candidate(id),
  harness: createScriptHarness(id),
  primary: id === "one",
});

describe("who goes on with a turn", () => {
  const declared = [candidate("one"), candidate("two")];
  const ids = (runners: readonly Runner[]): readonly string[] => runners.map(({ harness }) => harness.id);

  it("is anybody, when nobody has begun", () => {
    assert.deepEqual(ids(ownOnly([runner("one"), runner("two")], { harness: null }, declared)), [
      "one",
      "two",
    ]);
  });

  it("is the harness that has begun", () => {
    assert.deepEqual(ids(ownOnly([runner("one"), runner("two")], { harness: "two" }, declared)), ["two"]);
  });

  it("is nobody, when that one went away between the look and the claim", () => {
    assert.deepEqual(ids(ownOnly([runner("two")], { harness: "one" }, declared)), []);
  });

  it("is anybody, when the agent has that harness no more", () => {
    assert.deepEqual(ids(ownOnly([runner("two")], { harness: "gone" }, declared)), ["two"]);
  });
});
