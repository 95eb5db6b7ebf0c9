// Reloads of the real program under load, as many as wanted; npm test does 150 of them.
// node test/sweeps/reloads.ts [--count 1000]
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { count: { type: "string", default: "1000" } } });
const file = fileURLToPath(new URL("../faults/reload-load.test.ts", import.meta.url));
const env = { ...process.env, ROLLCALL_TEST_RELOADS: values.count };
const { status } = spawnSync(process.execPath, ["--test", file], { stdio: "inherit", env });
process.exitCode = status ?? 1;
