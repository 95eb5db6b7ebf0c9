// The real program in small file systems of its own: one that gets full, and one that can't be written any more.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const PROCESS = join(import.meta.dirname, "disk-full-process.ts");

/** A mount namespace of its own, so that nothing stays mounted whatever happens. */
const IN_A_SMALL_DISK = [
  "-rm",
  "sh",
  "-c",
  'mount -t tmpfs -o size=12m rollcall "$1" && exec "$2" --test-reporter=tap "$3" "$1"',
  "sh",
];

test("a disk that gets full, or can't be written, under the real program", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-full-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const able = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "rollcall", dir], { encoding: "utf8" });
  if (able.status !== 0) return t.skip(`no small disk here: ${able.error?.message ?? able.stderr.trim()}`);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = spawnSync("unshare", [...IN_A_SMALL_DISK, dir, process.execPath, PROCESS], {
    encoding: "utf8",
    env: { ...env, TMPDIR: dir },
    timeout: 90_000,
  });
  for (const [, line = ""] of run.stdout.matchAll(/^\s*# (disk: .*)$/gm)) t.diagnostic(line);
  assert.equal(run.status, 0, run.stdout + run.stderr);
});
