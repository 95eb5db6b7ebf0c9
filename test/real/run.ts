// Runs the tests against the real programs: `npm run test:real`, or `node test/real/run.ts [WORD…]` for the files whose
// names contain one of the words. Without the registry it skips and says so; with ROLLCALL_REAL=required it fails then.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { installPrograms } from "./installed.ts";

const words = process.argv.slice(2);
const missing = installPrograms();
if (missing !== undefined) {
  const required = process.env["ROLLCALL_REAL"] === "required";
  process.stderr.write(`test:real ${required ? "failed" : "skipped"}: ${missing}\n`);
  process.exit(required ? 1 : 0);
}
const files = readdirSync(import.meta.dirname)
  .filter(
    (name) => name.endsWith(".test.ts") && (words.length === 0 || words.some((word) => name.includes(word))),
  )
  .map((name) => path.join(import.meta.dirname, name));
// One after the other: each program takes a core and some hundred megabytes.
const args = ["--test", "--test-concurrency=1", "--test-timeout=180000", ...files];
const { status } = spawnSync(process.execPath, args, { stdio: "inherit", timeout: 900_000 });
process.exit(status ?? 1);
