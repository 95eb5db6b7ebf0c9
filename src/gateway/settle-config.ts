import { join } from "node:path";
import type { Config } from "../core/config.ts";
import { RollcallError } from "../core/errors.ts";
import type { Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Processes } from "../ports/process.ts";
import type { Random } from "../ports/random.ts";
import { HARNESS_KINDS } from "./catalog.ts";

export interface SettledConfig {
  readonly config: Config;
  /** The configuration file; null when the gateway runs on its own defaults. */
  readonly path: string | null;
  readonly baseDir: string;
  /** The file as it was read; null without one. */
  readonly text: string | null;
  /** What is allowed and probably not meant, one line each. */
  readonly warnings: readonly string[];
  /** For the banner: what serves, and why. */
  readonly because: string | null;
}

export interface SettleInput {
  readonly path: string | null;
  readonly trying: boolean;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly processes: Processes;
  readonly stateDir: string;
}

/** Which configuration the gateway starts with. @throws RollcallError `config-*` */
export async function settleConfig(input: SettleInput): Promise<SettledConfig> {
  const workspaces = join(input.stateDir, "workspaces");
  if (input.path !== null) {
    const { loadConfig } = await import("../config/load-config.ts");
    const loaded = await loadConfig(input.path, {
      kinds: { harnesses: Object.keys(HARNESS_KINDS) },
      workspaces,
    });
    return {
      config: loaded.config,
      path: loaded.path,
      baseDir: loaded.baseDir,
      text: loaded.text,
      warnings: loaded.warnings,
      because: null,
    };
  }
  if (!input.trying) throw new RollcallError("config-missing");
  const { tryConfig } = await import("../config/try-config.ts");
  const found = await findHarness(input);
  return {
    config: tryConfig({ cwd: input.cwd, harness: found.harness, workspaces }),
    path: null,
    baseDir: input.cwd,
    text: null,
    warnings: [],
    because: found.because,
  };
}

/** Programs that a first start looks for, in this order. */
const WANTED = [{ command: "claude", harness: "claude-cli" }] as const;
const TRY_DEADLINE: Duration = 5000;

/** The first harness whose program is there and whose probe passes; else echo, which needs nothing. */
async function findHarness(input: SettleInput): Promise<{ harness: string; because: string }> {
  const reasons: string[] = [];
  for (const { command, harness } of WANTED) {
    const path = await input.processes.which(command, input.env["PATH"] ?? "");
    if (path === undefined) {
      reasons.push(`${command} is not on the PATH`);
      continue;
    }
    const problem = await probeProblem(input, harness);
    if (problem === null) return { harness, because: `${command} was found and is logged in` };
    reasons.push(`${command} was found, but ${problem}`);
  }
  return { harness: "echo", because: reasons.join("; ") };
}

async function probeProblem(input: SettleInput, harness: string): Promise<string | null> {
  const { planOne } = await import("./plan.ts");
  const plan = await planOne(harness, input.cwd);
  const { clock, random, processes, env } = input;
  const opened = plan.create({
    clock,
    random,
    processes,
    env,
    log: input.log.child("harness"),
    stateDir: input.stateDir,
  });
  const deadline = new AbortController();
  const cancel = clock.timer(TRY_DEADLINE, () => deadline.abort());
  try {
    const result = await opened.probe("default", "L2", deadline.signal);
    return result.ok ? null : result.failure.detail;
  } finally {
    cancel();
    await opened.close(0);
  }
}
