// One run of a command that starts programs of its own, in a home with a temporary folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(new URL("../../rollcall.js", import.meta.url));

export interface Home {
  readonly dir: string;
  readonly state: string;
  /** Where the command puts what it makes for a while. */
  readonly temp: string;
  configure(config: object): void;
}

export function makeHome(t: TestContext): Home {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-"));
  t.after(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  for (const name of ["temp", "work"]) mkdirSync(join(dir, name));
  return {
    dir,
    state: join(dir, "state"),
    temp: join(dir, "temp"),
    configure: (config) => writeFileSync(join(dir, "rollcall.json5"), JSON.stringify(config)),
  };
}

export interface Ended {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs it to its end; with `stopWhen` it is interrupted a while after its output says that. */
export async function runCommand(
  t: TestContext,
  home: Home,
  args: readonly string[],
  stop?: { readonly stopWhen: RegExp; readonly after: number },
): Promise<Ended> {
  const config = join(home.dir, "rollcall.json5");
  const named = existsSync(config) ? ["--config", config] : [];
  const child = spawn(process.execPath, [launcher, ...args, "--state", home.state, ...named], {
    cwd: join(home.dir, "work"),
    env: { PATH: process.env["PATH"] ?? "", HOME: home.dir, TMPDIR: home.temp, LANG: "C.UTF-8" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let out = "";
  let err = "";
  let stopping = false;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    out += chunk;
    if (stop === undefined || stopping || !stop.stopWhen.test(out)) return;
    stopping = true;
    setTimeout(() => child.kill("SIGINT"), stop.after);
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (err += chunk));
  const [exit] = (await once(child, "close")) as [number | null];
  return { exit, out, err };
}
