import { join } from "node:path";
import { test } from "node:test";
import { runInSmallDisk } from "../fakes/small-disk.ts";

const program = join(import.meta.dirname, "alerts-full-disk-process.ts");

test("a full disk is told, also when the gateway is killed before it could", (t) =>
  runInSmallDisk(t, { program, size: "8m", says: "disk full" }));
