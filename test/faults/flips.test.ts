// A short round of `npm run flips`: bits of a store's pages, log and mark are flipped and its log is cut. Nothing wrong is
// served, taken twice or lost; what is damaged is found by one look at everything, or the start is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf, playSweep } from "../sweeps/disk/sweep.ts";

test("flipped bits and cut logs: nothing wrong is served, and everything that matters is found", async (t) => {
  const tallies = await playSweep({ flips: 90, logFlips: 15, markFlips: 8, cutEvery: 29, seed: 7 }, (tally) =>
    t.diagnostic(lineOf(tally)),
  );
  for (const { title, wrong } of tallies) assert.deepEqual(wrong, [], title);
  const [pages, log, cuts] = tallies;
  const found = [...(pages?.outcomes ?? [])].filter(([outcome]) => outcome !== "harmless");
  assert.ok(
    found.reduce((sum, [, n]) => sum + n, 0) > 15,
    "the damages must be such that something is to be found",
  );
  assert.equal(log?.outcomes.get("refused at the start"), log?.played, "every bit of the log counts");
  assert.equal(cuts?.outcomes.get("refused at the start"), cuts?.played, "every cut loses a commit");
});
