// The test command: types, lint, then every test that needs nothing but this repository.
// `npm test -- store telegram` runs only the test files whose path contains one of the words, without the checks.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import process from "node:process";

const words = process.argv.slice(2);
const run = (command: string, args: readonly string[]): number => {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  return status ?? 1;
};

const files = globSync("test/**/*.test.ts", { exclude: ["test/real/**", "test/**/node_modules/**"] }).filter(
  (file) => words.length === 0 || words.some((word) => file.includes(word)),
);
const checks: readonly (readonly string[])[] = [
  ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "."],
  ["node_modules/oxlint/bin/oxlint", "--deny-warnings"],
];
if (words.length === 0) {
  for (const [script = "", ...args] of checks) {
    const status = run(process.execPath, [script, ...args]);
    if (status !== 0) process.exit(status);
  }
}
process.exit(run(process.execPath, ["--test", "--test-timeout=120000", ...files.sort()]));
