import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { WORK_STEPS } from "../../src/core/poison.ts";
import { DAY } from "../../src/core/time.ts";
import { openWorkFile } from "../../src/platform/work-file.ts";
import { convictedOf, crashesOf, raiseSuspects, setAside } from "../../src/poison/evidence.ts";
import type { Mark, Suspect } from "../../src/ports/guard.ts";
import { keepLog } from "../fakes/quiet.ts";

const folder = (t: TestContext): string => {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-work-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};
const open = (dir: string) => openWorkFile(dir, keepLog([]));
const send = (id: string): Mark => ({ step: "send", subjects: [`delivery:${id}`] });

test("each crash counts once for what was in work, whatever else is suspected", () => {
  const mark = fc.record({
    step: fc.constantFrom(...WORK_STEPS),
    subjects: fc.array(fc.constantFrom("entry:a", "entry:b", "delivery:c"), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(fc.array(mark, { maxLength: 4 }), { maxLength: 6 }), (crashes) => {
      let suspects: readonly Suspect[] = [];
      const expected = new Map<string, number>();
      for (const [at, left] of crashes.entries()) {
        suspects = raiseSuspects(suspects, left, at).suspects;
        const keys = new Set(left.flatMap(({ step, subjects }) => subjects.map((one) => `${step} ${one}`)));
        for (const key of keys) expected.set(key, (expected.get(key) ?? 0) + 1);
      }
      assert.deepEqual(
        new Map(suspects.map(({ step, subject, crashes: n }) => [`${step} ${subject}`, n])),
        expected,
      );
      for (const subject of convictedOf(suspects)) {
        assert.ok(crashesOf(suspects, subject) >= 3);
        const after = setAside(suspects, subject);
        assert.equal(crashesOf(after, subject), 2, "one more crash sets it aside again");
      }
    }),
  );
});

test("what crashed nothing for a week is forgotten; a clock that jumps back forgets nothing", () => {
  const known: Suspect[] = [{ subject: "entry:a", step: "plan", crashes: 1, at: 10 * DAY }];
  assert.deepEqual(raiseSuspects(known, [], 9 * DAY).suspects, known);
  const { suspects, changed } = raiseSuspects(known, [], 17 * DAY + 1);
  assert.deepEqual(suspects, []);
  assert.deepEqual(changed, [{ ...known[0], crashes: 0 }]);
});

test("marks that stand when the process ends are there for the next one; an orderly end leaves none", (t) => {
  const dir = folder(t);
  const first = open(dir);
  first.begun();
  const end = first.begin(send("1"));
  first.begin(send("2"));
  end();
  first.begin({ step: "plan", subjects: ["entry:3", "entry:4"] });
  const second = open(dir);
  assert.deepEqual(second.left, [{ step: "plan", subjects: ["entry:3", "entry:4"] }, send("2")]);
  second.begun();
  second.begin(send("5"));
  second.close();
  assert.deepEqual(open(dir).left, []);
});

test("after an error that nobody caught the marks stay, whatever ends later", (t) => {
  const dir = folder(t);
  const file = open(dir);
  file.begun();
  const end = file.begin(send("1"));
  file.freeze();
  end();
  file.close();
  assert.deepEqual(open(dir).left, [send("1")]);
});

test("a crash of the machine blames nobody, and a damaged file is no evidence", (t) => {
  const dir = folder(t);
  const file = open(dir);
  file.begun();
  file.begin(send("1"));
  const path = join(dir, "in-work");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/^\["[^"]*"/, '["another-boot"'));
  assert.deepEqual(open(dir).left, []);
  for (const damaged of ["[", '["', "\0\0", "{}\n", '["x",1,2]\n', text.slice(0, 20)]) {
    writeFileSync(path, damaged);
    assert.deepEqual(open(dir).left, []);
  }
});

test("a batch of a hundred updates fits into its mark, and far too much is cut", (t) => {
  const dir = folder(t);
  const file = open(dir);
  file.begun();
  const subjects = Array.from({ length: 100 }, (_, i) => `update:default/7001000000/${900_000_000 + i}`);
  file.begin({ step: "accept", subjects });
  file.begin({
    step: "accept",
    subjects: Array.from({ length: 1000 }, (_, i) => `update:default/7001/${i}`),
  });
  const [whole, cut] = open(dir).left;
  assert.deepEqual(whole?.subjects, subjects);
  assert.ok((cut?.subjects.length ?? 0) >= 100);
});

test("a folder that can't be written costs the marks and nothing else", (t) => {
  const lines: { event: string }[] = [];
  const file = openWorkFile(join(folder(t), "absent"), keepLog(lines as never));
  file.begun();
  file.begin(send("1"))();
  file.close();
  assert.deepEqual(
    lines.map(({ event }) => event),
    ["work.not_marked"],
  );
});
