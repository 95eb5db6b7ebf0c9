import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const PROCESS = join(import.meta.dirname, "alerts-full-disk-process.ts");

/** A mount namespace of its own, so that nothing stays mounted whatever happens. */
const IN_A_SMALL_DISK = [
  "-rm",
  "sh",
  "-c",
  'mount -t tmpfs -o size=8m rollcall "$1" && exec "$2" --test-reporter=tap "$3" "$1"',
  "sh",
];

test("a full disk is told, also when the gateway is killed before it could", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-full-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const able = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "rollcall", dir], { encoding: "utf8" });
  if (able.status !== 0) return t.skip(`no small disk here: ${able.error?.message ?? able.stderr.trim()}`);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = spawnSync("unshare", [...IN_A_SMALL_DISK, dir, process.execPath, PROCESS], {
    encoding: "utf8",
    env: { ...env, TMPDIR: dir },
  });
  for (const [, line = ""] of run.stdout.matchAll(/^\s*# (disk full: .*)$/gm)) t.diagnostic(line);
  assert.equal(run.status, 0, run.stdout + run.stderr);
});
