// The real program in small file systems of its own: one that gets full, and one that can't be written any more.
import { join } from "node:path";
import { test } from "node:test";
import { runInSmallDisk } from "../fakes/small-disk.ts";

const program = join(import.meta.dirname, "disk-full-process.ts");

test("a disk that gets full, or can't be written, under the real program", (t) =>
  runInSmallDisk(t, { program, size: "12m", says: "disk", timeout: 90_000 }));
