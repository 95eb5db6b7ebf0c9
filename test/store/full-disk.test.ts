import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

const PROCESS = join(import.meta.dirname, "full-disk-process.ts");

/** A mount namespace of its own, so that nothing stays mounted whatever happens. */
const IN_A_SMALL_DISK = [
  "-rm",
  "sh",
  "-c",
  'mount -t tmpfs -o size=6m rollcall "$1" && head -c 262144 /dev/zero > "$1/spare" && exec "$2" "$3" "$1"',
  "sh",
];

describe("a full disk", () => {
  it("confirms nothing that isn't stored, and heals", (t) => {
    const dir = mkdtempSync(join(tmpdir(), "rollcall-full-"));
    t.after(() => rmSync(dir, { recursive: true }));
    const able = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "rollcall", dir], { encoding: "utf8" });
    if (able.status !== 0) return t.skip(`no small disk here: ${able.error?.message ?? able.stderr.trim()}`);
    const run = spawnSync("unshare", [...IN_A_SMALL_DISK, dir, process.execPath, PROCESS], {
      encoding: "utf8",
    });
    assert.equal(run.status, 0, run.stderr);
    t.diagnostic(run.stdout);
  });
});
