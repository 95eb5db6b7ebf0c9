import { join } from "node:path";
import type { AgentConfig } from "../core/config.ts";
import { EXIT, RollcallError, toRollcallError, type ExitCode } from "../core/errors.ts";
import { candidatesOf, unregisteredLine } from "../registry/build.ts";
import { formatModelRef } from "../core/model-ref.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import { loadConfig } from "../config/load-config.ts";
import type { Harness } from "../ports/harness.ts";
import { routeWarning } from "./alert-routes.ts";
import { HARNESS_KINDS } from "./catalog.ts";
import type { Plans } from "./plan.ts";
import { openPlatform, type Platform } from "./platform.ts";
import { openPlugins, planDeclared } from "./plugins.ts";
import { unsupported } from "./unsupported.ts";

export interface CheckOptions {
  readonly config: string | undefined;
  readonly state: string | undefined;
  /** Also ask every candidate whether it could serve. */
  readonly probe: boolean;
  /** Warnings count as findings. */
  readonly strict: boolean;
  readonly json: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

interface Line {
  readonly agent: string;
  readonly candidate: string;
  readonly ok: boolean | null;
  readonly says: string;
}

interface Findings {
  readonly roll: readonly Line[];
  readonly channels: readonly string[];
  readonly warnings: readonly string[];
  readonly faults: readonly string[];
  readonly exit: ExitCode;
}

/**
 * Everything that a start would find wrong, without opening the store or disturbing a running gateway. Prints the roll.
 *
 * @throws RollcallError `config-*`, `secret-unresolved`, `plugin-failed`, `channel-unregistered`
 */
export async function runCheck(options: CheckOptions): Promise<ExitCode> {
  const platform = await openPlatform({ ...options, logFormat: undefined, try: false, quiet: true });
  if (platform.configPath === null) throw new RollcallError("config-missing");
  const loaded = await loadConfig(platform.configPath, {
    kinds: { harnesses: Object.keys(HARNESS_KINDS) },
    workspaces: join(platform.stateDir, "workspaces"),
  });
  const plugins = openPlugins(platform, () => false);
  const told = (): void => undefined;
  const plans = await planDeclared({ ...loaded, secrets: platform.secrets, plugins, told });
  const oneWay = routeWarning(plans.alertRoutes);
  const warnings = [...loaded.warnings, ...unsupported(loaded.config), ...(oneWay === null ? [] : [oneWay])];
  const registered = [...plans.harnesses.keys()];
  const faults = plans.unregistered.map((missing) => unregisteredLine(missing, registered));
  const roll = await callEach(options, platform, plans, loaded.config.agents.list);
  const unserved = loaded.config.agents.list.filter(
    ({ id }) => options.probe && !roll.some((line) => line.agent === id && line.ok === true),
  );
  const exit =
    faults.length + unserved.length > 0
      ? EXIT.unresolved
      : options.strict && warnings.length > 0
        ? EXIT.findings
        : EXIT.ok;
  const channels = plans.channels.map(({ kind, account }) => `${kind}/${account}`);
  print(options.json, loaded.path, {
    roll,
    channels,
    faults: [...faults, ...unserved.map(({ id }) => `no candidate of agent ${id} is available`)],
    warnings,
    exit,
  });
  return exit;
}

async function callEach(
  options: CheckOptions,
  platform: Platform,
  plans: Plans,
  agents: readonly AgentConfig[],
): Promise<readonly Line[]> {
  const opened = new Map<string, Harness>();
  for (const [id, plan] of options.probe ? plans.harnesses : []) {
    opened.set(
      id,
      plan.create({
        clock: systemClock,
        random: systemRandom,
        processes: platform.processes,
        env: platform.env,
        log: platform.log,
        stateDir: platform.stateDir,
      }),
    );
  }
  const lines = agents.flatMap((agent) =>
    candidatesOf(agent).map(async (candidate): Promise<Line> => {
      const line = { agent: agent.id, candidate: formatModelRef(candidate) };
      if (!plans.harnesses.has(candidate.harness)) return { ...line, ok: false, says: "not registered" };
      const harness = opened.get(candidate.harness);
      return harness === undefined
        ? { ...line, ok: null, says: "registered" }
        : { ...line, ...(await probeOne(harness, candidate.model)) };
    }),
  );
  const roll = await Promise.all(lines);
  await Promise.all([...opened.values()].map((harness) => harness.close(0)));
  return roll;
}

const PROBE_DEADLINE = 15_000;

async function probeOne(harness: Harness, model: string): Promise<Pick<Line, "ok" | "says">> {
  try {
    const result = await harness.probe(model, "L2", AbortSignal.timeout(PROBE_DEADLINE));
    if (!result.ok) return { ok: false, says: `${result.failure.code}: ${result.failure.detail}` };
    return {
      ok: true,
      says: [
        "available",
        result.version,
        result.paidBy === undefined ? undefined : `paid by ${result.paidBy}`,
      ]
        .filter((part) => part !== undefined)
        .join(", "),
    };
  } catch (error) {
    return { ok: false, says: toRollcallError(error).message };
  }
}

function print(json: boolean, path: string, findings: Findings): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ config: path, ...findings }, null, 2)}\n`);
    return;
  }
  const mark = (ok: boolean | null): string => (ok === null ? " " : ok ? "✓" : "✗");
  const lines = [
    `Configuration: ${path}`,
    "Roll:",
    ...findings.roll.map(({ agent, candidate, ok, says }) => `  ${mark(ok)} ${agent}  ${candidate}  ${says}`),
    `Channels: ${findings.channels.length === 0 ? "none" : findings.channels.join(", ")}`,
    ...findings.warnings.map((warning) => `warning: ${warning}`),
    ...findings.faults.map((fault) => `fault: ${fault}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
