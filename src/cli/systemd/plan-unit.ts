import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { RollcallError } from "../../core/errors.ts";
import { MINUTE, type Duration } from "../../core/time.ts";
import { packageRoot } from "../../gateway/version.ts";
import { serviceFacts, type ServiceFacts } from "../../gateway/unit-facts.ts";
import type { Invocation } from "../invocation.ts";
import { environmentText, serviceEnvironment, type Environment } from "./environment-file.ts";
import { unitText, type UnitFacts } from "./unit.ts";

/** A service as it would be installed: nothing of it is written yet. */
export interface ServicePlan {
  readonly name: string;
  readonly system: boolean;
  readonly facts: ServiceFacts;
  readonly unit: UnitFacts;
  readonly unitPath: string;
  readonly unitText: string;
  readonly environment: Environment;
  readonly environmentText: string;
}

/** Who the service runs as, when that isn't whoever installs it. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** Longer than all deadlines of a start until it listens: a large store is proven first. */
const START_WITHIN: Duration = 5 * MINUTE;

/** @throws RollcallError `usage`, `config-*` */
export async function planService(invocation: Invocation): Promise<ServicePlan> {
  const { env, cwd, process } = invocation.terminal;
  const account = accountOf(invocation);
  const home = account?.home ?? env["HOME"] ?? "/";
  const facts = await serviceFacts({
    config: invocation.text("config"),
    state: invocation.text("state") ?? (account === null ? undefined : "/var/lib/rollcall"),
    env,
    cwd,
  });
  const places = placesOf(invocation);
  const environment = serviceEnvironment(facts, env, {
    home,
    node: onPath("node", env["PATH"], dirname(process.execPath)),
    user: account?.name ?? null,
  });
  const unit: UnitFacts = {
    node: process.execPath,
    program: fileURLToPath(new URL("rollcall.js", packageRoot)),
    configPath: facts.configPath,
    stateDir: facts.stateDir,
    workingDir: dirname(facts.configPath),
    environmentFile: places.environmentFile,
    stopWithin: facts.stopWithin,
    startWithin: START_WITHIN,
    systemd: systemdVersion(),
    user: account?.name ?? null,
  };
  return {
    name: places.name,
    system: account !== null,
    facts,
    unit,
    unitPath: places.unitPath,
    unitText: unitText(unit),
    environment,
    environmentText: environmentText(environment),
  };
}

/** Where a service's files are, by the options alone. @throws RollcallError `usage` */
export function placesOf(invocation: Invocation): {
  readonly name: string;
  readonly unitPath: string;
  readonly environmentFile: string;
} {
  const { env } = invocation.terminal;
  const name = invocation.text("name") ?? "rollcall";
  if (!/^[a-z][a-z0-9_-]{0,40}$/.test(name))
    throw new RollcallError("usage", { detail: "--name takes small letters, digits, - and _" });
  const home = env["HOME"] ?? "/";
  const xdg = env["XDG_CONFIG_HOME"];
  const config = xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, ".config");
  const system = invocation.text("system") !== undefined;
  return {
    name,
    unitPath: join(system ? "/etc/systemd/system" : join(config, "systemd", "user"), `${name}.service`),
    environmentFile: join(system ? "/etc" : config, "rollcall", `${name}.env`),
  };
}

/** The account of `--system USER`. @throws RollcallError `usage` */
export function accountOf(invocation: Invocation): Account | null {
  const name = invocation.text("system");
  if (name === undefined) return null;
  const { stdout } = spawnSync("getent", ["passwd", name], { encoding: "utf8" });
  const [found, , uid, gid, , home] = (stdout ?? "").split("\n")[0]?.split(":") ?? [];
  if (found !== name || home === undefined)
    throw new RollcallError("usage", { detail: `--system: there is no account ${JSON.stringify(name)}` });
  return { name, uid: Number(uid), gid: Number(gid), home };
}

/** Version of the systemd that is here; null when there is none. */
export function systemdVersion(): number | null {
  const { stdout } = spawnSync("systemctl", ["--version"], { encoding: "utf8" });
  const version = /^systemd (\d+)/.exec(stdout ?? "")?.[1];
  return version === undefined ? null : Number(version);
}

/** Where a program is found, leaving out the folder that npm puts the pinned runtime into. */
function onPath(name: string, path: string | undefined, own: string): string | null {
  const folders = (path ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  const found = folders.filter((folder) => folder !== own && !folder.includes("node_modules"));
  return found.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}
