import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, sep } from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { RollcallError } from "../../src/core/errors.ts";
import { createBlobs } from "../../src/platform/blobs.ts";

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-blobs-"));
  t.after(() => rm(dir, { recursive: true }));
  return dir;
}

test("what is put is there, for its owner alone, each in a place of its own", async (t) => {
  const dir = await folder(t);
  const blobs = createBlobs(join(dir, "blobs"));
  const one = await blobs.put("a.txt", Buffer.from("one"));
  const two = await blobs.put("a.txt", Buffer.from("two"));
  assert.notEqual(one, two);
  assert.equal(await readFile(blobs.path(one), "utf8"), "one");
  assert.equal(await readFile(blobs.path(two), "utf8"), "two");
  assert.equal((await stat(blobs.path(one))).mode & 0o777, 0o600);
  assert.equal((await stat(join(dir, "blobs"))).mode & 0o777, 0o700);
  const place = await blobs.reserve("b.bin");
  await writeFile(place.path, "later");
  assert.equal(await readFile(blobs.path(place.key), "utf8"), "later");
});

test("names from outside become one plain name that fits", async (t) => {
  const blobs = createBlobs(await folder(t));
  const names = [
    "../../etc/passwd",
    "\\\\host\\share\\x.doc",
    "a\0b.txt",
    "..",
    "",
    "-rf",
    "字".repeat(300) + ".jpeg",
    "\u202egnp.exe",
    "a".repeat(500),
    "x\n\u001b[31m",
  ];
  for (const name of names) {
    const path = blobs.path(await blobs.put(name, Buffer.from("x")));
    assert.equal(await readFile(path, "utf8"), "x", JSON.stringify(name));
    assert.doesNotMatch(basename(path), /[\p{Cc}\p{Cf}/\\]/u);
  }
  assert.match(blobs.path(await blobs.put("字".repeat(300) + ".jpeg", Buffer.from(""))), /\.jpeg$/);
});

test("whatever a key says, its path stays in the folder", () => {
  const blobs = createBlobs("/state/blobs");
  const part = fc.constantFrom("..", ".", "/", "\\", "\0", "a", "%2e", "~", "");
  const key = fc.oneof(
    fc.string(),
    fc.array(part, { maxLength: 8 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(key, (text) => {
      const path = blobs.path(text);
      assert.ok(path.startsWith(`${sep}state${sep}blobs${sep}`), path);
      assert.equal(path.split(sep).length, 5);
      assert.ok(!path.split(sep).includes("..") && !path.includes("\0"));
    }),
    { numRuns: 1000, seed: 7 },
  );
});

test("a folder that can't be written is an I/O error with its code", async (t) => {
  const dir = await folder(t);
  await writeFile(join(dir, "file"), "");
  const error = await createBlobs(join(dir, "file"))
    .put("a", Buffer.from("x"))
    .catch((thrown: unknown) => thrown);
  assert.ok(error instanceof RollcallError);
  assert.equal(error.code, "store-io");
});
