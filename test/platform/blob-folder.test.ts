import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createBlobFolder } from "../../src/platform/blob-folder.ts";
import { createBlobs } from "../../src/platform/blobs.ts";

test("the folder of files lists and removes its own, and nothing else", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-folder-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const root = join(dir, "attachments");
  const folder = createBlobFolder(root);
  const all = async (): Promise<string[]> => {
    const names: string[] = [];
    for await (const { folder: name, madeAt } of folder.all()) {
      assert.ok(Math.abs(Date.now() - madeAt) < 60_000);
      names.push(name);
    }
    return names;
  };
  assert.deepEqual(await all(), [], "a folder that isn't there is empty");
  const blobs = createBlobs(root);
  const [one, two] = [await blobs.put("a.txt", Buffer.from("a")), await blobs.put("b.txt", Buffer.from("b"))];
  const [first = "", second = ""] = [one, two].map((key) => key.split("/")[0]);
  await mkdir(join(root, "notes"));
  await writeFile(join(root, "README"), "somebody's own");
  assert.deepEqual((await all()).sort(), [first, second].sort());
  assert.equal(folder.folderOf(blobs.path(one)), first);
  assert.equal(folder.folderOf("/etc/passwd"), null);
  await folder.remove(first);
  await folder.remove(first);
  for (const name of ["notes", "README", "..", "."]) await folder.remove(name);
  assert.deepEqual((await readdir(root)).sort(), ["README", second, "notes"].sort());
});
