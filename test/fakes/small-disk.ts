// A test of its own in a small file system of its own, for what only a disk that is really full shows.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A mount namespace of its own, so that nothing stays mounted whatever happens. */
const IN_A_SMALL_DISK = [
  "-rm",
  "sh",
  "-c",
  'mount -t tmpfs -o size="$4" rollcall "$1" && exec "$2" --test-reporter=tap "$3" "$1"',
  "sh",
];

export interface SmallDisk {
  /** The test file that runs there, and gets the folder as its argument. */
  readonly program: string;
  /** As tmpfs takes it, e.g. `8m`. */
  readonly size: string;
  /** What its lines begin with that are shown here. */
  readonly says: string;
  /** Milliseconds after which it is ended. */
  readonly timeout?: number;
}

/** Runs it and demands that it passes; skips, with the reason, where no file system can be mounted. */
export function runInSmallDisk(t: TestContext, { program, size, says, timeout }: SmallDisk): void {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-full-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const able = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "rollcall", dir], { encoding: "utf8" });
  if (able.status !== 0) return t.skip(`no small disk here: ${able.error?.message ?? able.stderr.trim()}`);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = spawnSync("unshare", [...IN_A_SMALL_DISK, dir, process.execPath, program, size], {
    encoding: "utf8",
    env: { ...env, TMPDIR: dir },
    ...(timeout !== undefined && { timeout }),
  });
  for (const [, line = ""] of run.stdout.matchAll(/^\s*# (.*)$/gm))
    if (line.startsWith(`${says}: `)) t.diagnostic(line);
  assert.equal(run.status, 0, run.stdout + run.stderr);
}
