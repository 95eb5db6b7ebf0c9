import { dirname, join, resolve } from "node:path";
import type { Config } from "../core/config.ts";
import { RollcallError } from "../core/errors.ts";
import type { Duration } from "../core/time.ts";
import { STOP_REST } from "../boot/stop-plan.ts";
import { loadConfig } from "../config/load-config.ts";
import { which } from "../platform/which.ts";
import { declaredHarnesses } from "../registry/build.ts";
import { HARNESS_KINDS } from "./catalog.ts";
import { openPlatform } from "./platform.ts";

/** What a supervisor must know to start this gateway: read from its configuration, which is checked on the way. */
export interface ServiceFacts {
  readonly configPath: string;
  readonly stateDir: string;
  /** What a stop may take: the grace of running turns, and all that comes after it. */
  readonly stopWithin: Duration;
  /** Programs that the configuration names, each with where it is now; null when it is nowhere. */
  readonly programs: readonly { readonly command: string; readonly path: string | null }[];
  /** Variables that the configuration refers to. */
  readonly variables: readonly string[];
}

export interface ServiceFactsInput {
  readonly config: string | undefined;
  readonly state: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** What kinds of harness run when no `command` says otherwise. */
const USUAL: Readonly<Record<string, string>> = {
  "claude-cli": "claude",
  "codex-cli": "codex",
  "gemini-cli": "gemini",
  opencode: "opencode",
};

/** @throws RollcallError `config-*` */
export async function serviceFacts(input: ServiceFactsInput): Promise<ServiceFacts> {
  const platform = await openPlatform({ ...input, logFormat: undefined, try: false, quiet: true });
  if (platform.configPath === null) throw new RollcallError("config-missing");
  const { config } = await loadConfig(platform.configPath, {
    kinds: { harnesses: Object.keys(HARNESS_KINDS) },
    workspaces: join(platform.stateDir, "workspaces"),
  });
  const found = namesIn(config);
  const base = dirname(platform.configPath);
  const programs = [...found.programs].map(async (command) => ({
    command,
    // A path is relative to the configuration, a name is looked up.
    path:
      (await which(command.includes("/") ? resolve(base, command) : command, input.env["PATH"] ?? "")) ??
      null,
  }));
  return {
    configPath: platform.configPath,
    stateDir: platform.stateDir,
    stopWithin: config.gateway.drain.grace + STOP_REST,
    programs: await Promise.all(programs),
    variables: [...found.variables].sort(),
  };
}

interface Names {
  readonly programs: Set<string>;
  readonly variables: Set<string>;
}

/** Every program and every variable that a configuration names, wherever it stands. Pure. */
function namesIn(config: Config): Names {
  const names: Names = { programs: new Set(), variables: new Set() };
  for (const { kind, options } of declaredHarnesses(config)) {
    const usual = Object.hasOwn(options, "command") ? undefined : USUAL[kind];
    if (usual !== undefined) names.programs.add(usual);
  }
  collect(config, names);
  return names;
}

function collect(value: unknown, names: Names): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) return value.forEach((one) => collect(one, names));
  for (const [key, inner] of Object.entries(value)) {
    if (key === "env" && typeof inner === "string") names.variables.add(inner);
    else if (key === "inheritEnv" && Array.isArray(inner)) inner.forEach((name) => addName(names, name));
    else if (key === "command") addProgram(names, Array.isArray(inner) ? inner[0] : inner);
    collect(inner, names);
  }
}

function addName(names: Names, name: unknown): void {
  if (typeof name === "string") names.variables.add(name);
}

function addProgram(names: Names, command: unknown): void {
  if (typeof command === "string" && command !== "") names.programs.add(command);
}
