import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT, messageOf, RollcallError, type ExitCode } from "../../core/errors.ts";
import type { Terminal } from "../terminal.ts";
import type { Account, ServicePlan } from "./plan-unit.ts";

const PRIVATE = 0o600;
const PUBLIC = 0o644;
/** A check asks real programs; each has a deadline of its own far below this. In milliseconds. */
const CHECK_WITHIN = 120_000;

/**
 * Runs `check --probe` in the environment that the service will have, and in no other: what works only in the shell
 * that installs it is found now. Prints what the check prints.
 *
 * @returns what the check ended with
 */
export function checkInside(terminal: Terminal, plan: ServicePlan, account: Account | null): ExitCode {
  const { unit } = plan;
  const words = ["check", "--probe", "--config", unit.configPath, "--state", unit.stateDir];
  const ran = spawnSync(unit.node, [unit.program, ...words], {
    cwd: unit.workingDir,
    env: { ...plan.environment },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    timeout: CHECK_WITHIN,
    ...(account !== null && { uid: account.uid, gid: account.gid }),
  });
  terminal.out(ran.stdout ?? "");
  terminal.err(ran.stderr ?? "");
  if (ran.error !== undefined) terminal.err(`rollcall: the check can't be run: ${ran.error.message}\n`);
  return Object.values(EXIT).find((code) => code === ran.status) ?? EXIT.bug;
}

/**
 * Writes both files, each whole or not at all.
 *
 * @param root stands before both paths; an empty text is the machine itself
 * @throws RollcallError `service-unwritable`
 */
export function writeService(plan: ServicePlan, root: string): void {
  try {
    writeWhole(join(root, plan.unit.environmentFile), plan.environmentText, PRIVATE);
    writeWhole(join(root, plan.unitPath), plan.unitText, PUBLIC);
  } catch (error) {
    throw new RollcallError("service-unwritable", { detail: messageOf(error), cause: error });
  }
}

function writeWhole(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const next = `${path}.next`;
  rmSync(next, { force: true });
  writeFileSync(next, text, { mode, flag: "wx" });
  renameSync(next, path);
}

/** The state directory of a service that runs as another account belongs to that account. */
export function giveStateDir(plan: ServicePlan, account: Account | null): void {
  if (account === null || existsSync(plan.unit.stateDir)) return;
  mkdirSync(plan.unit.stateDir, { recursive: true, mode: 0o700 });
  chownSync(plan.unit.stateDir, account.uid, account.gid);
}

/** @returns whether there was something to take away */
export function removeService(paths: readonly string[], root: string): boolean {
  const there = paths.map((path) => join(root, path)).filter((path) => existsSync(path));
  for (const path of there) rmSync(path);
  return there.length > 0;
}

/** @throws RollcallError `service-refused` with what systemctl said */
export function systemctl(system: boolean, words: readonly string[]): void {
  const args = [...(system ? [] : ["--user"]), ...words];
  const ran = spawnSync("systemctl", args, { encoding: "utf8" });
  if (ran.status === 0) return;
  const said = (ran.stderr ?? "").trim().split("\n")[0] ?? "";
  throw new RollcallError("service-refused", {
    detail: `systemctl ${args.join(" ")}: ${said === "" ? (ran.error?.message ?? `ended with ${ran.status}`) : said}`,
  });
}
