import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { messageOf } from "../../core/errors.ts";
import { MINUTE } from "../../core/time.ts";
import {
  HarnessFailed,
  type Harness,
  type HarnessDeps,
  type HarnessKind,
  type HarnessSession,
  type SessionSpec,
} from "../../ports/harness.ts";
import type { Section } from "../../ports/section.ts";
import { createPool, type Lease, type Pooled } from "../pool.ts";
import { watchCommand } from "../watch-command.ts";
import { startClaude, UnknownSession, type ClaudeProcess } from "./claude-process.ts";
import { claudeEnvironment, keyOf, turnArguments } from "./command-line.ts";
import type { ResultFrame } from "./frames.ts";
import { CLAUDE_LIMITS } from "./limits.ts";
import { createProbe } from "./probe.ts";
import { promptTurn } from "./prompt-turn.ts";
import type { ClaudeOptions } from "./schema.ts";
import { createSessionCosts, type SessionCosts } from "./session-costs.ts";
import { findRecord } from "./find-record.ts";
import { readTranscript } from "./transcript.ts";

/** The program's option for sessions that leave no record. */
const NO_RECORD = "--no-session-persistence";

/**
 * Claude Code as a child process: `claude -p` with stream-json on both sides, one warm process per session. The frames
 * and their sources stand in docs/harnesses/claude-cli.md.
 */
export const claudeCli: HarnessKind<ClaudeOptions> = {
  kind: "claude-cli",
  schema: async () => (await import("./schema.ts")).claudeSchema,
  defaults: {
    command: "claude",
    args: [],
    env: {},
    inheritEnv: [],
    pool: { max: 8, idle: 10 * MINUTE },
  },
  async plan(section) {
    const plan: Plan = {
      id: section.id,
      options: section.options,
      command: commandOf(section),
      env: await resolveEnvironment(section),
    };
    return {
      id: plan.id,
      kind: "claude-cli",
      effectiveConfig: effectiveConfig(plan),
      create: (deps) => createClaude(plan, deps),
    };
  },
};

interface Plan {
  readonly id: string;
  readonly options: ClaudeOptions;
  readonly command: string;
  /** Secrets among them. */
  readonly env: Readonly<Record<string, string>>;
}

/** A path is meant from the configuration's folder; a bare name is looked up on the PATH. */
function commandOf({ options, baseDir }: Section<ClaudeOptions>): string {
  return options.command.includes("/") ? path.resolve(baseDir, options.command) : options.command;
}

async function resolveEnvironment(section: Section<ClaudeOptions>): Promise<Record<string, string>> {
  const resolved: Record<string, string> = {};
  for (const [name, ref] of Object.entries(section.options.env))
    resolved[name] = await section.secret(ref, `env.${name}`);
  return resolved;
}

/** The same text for the same configuration, with a digest in the place of every value that may be a secret. */
function effectiveConfig({ command, env, options }: Plan): string {
  const secrets = Object.entries(env).map(([name, value]) => [name, digest(value)]);
  return JSON.stringify([command, options.args, options.inheritEnv, options.pool, secrets]);
}

function digest(value: string): string {
  return createHash("sha256").update(value).digest("hex").slice(0, 16);
}

interface Warm extends Pooled {
  readonly process: ClaudeProcess;
  readonly native: string;
  readonly spec: Pick<SessionSpec, "model" | "workspace" | "instructions">;
  readonly fresh: boolean;
  prompted: boolean;
  leases: number;
  spoilt: boolean;
}

function createClaude(plan: Plan, deps: HarnessDeps): Harness {
  const { options } = plan;
  const env = claudeEnvironment(deps.env, options.inheritEnv, plan.env);
  const costs = createSessionCosts();
  const pool = createPool<Warm>(deps, { ...options.pool, grace: CLAUDE_LIMITS.grace });
  const probe = createProbe({
    processes: deps.processes,
    clock: deps.clock,
    command: plan.command,
    cwd: deps.stateDir,
    env,
  });
  return {
    id: plan.id,
    kind: "claude-cli",
    credential: credentialOf(env),
    resumes: true,
    async probe(model, level) {
      await mkdir(deps.stateDir, { recursive: true });
      return probe(model, level);
    },
    watch: (changed) =>
      watchCommand(deps.clock, { command: plan.command, searchPath: env["PATH"] ?? "" }, changed),
    async open(spec, signal) {
      const lease = await pool.acquire(
        {
          key: spec.session,
          fits: (warm) => fits(warm, spec),
          start: (given) => startWarm({ plan, deps, env, costs }, spec, given),
        },
        signal,
      );
      return sessionOf({ deps, costs }, spec, lease);
    },
    ...(!options.args.includes(NO_RECORD) && {
      transcript: (native: string, workspace: string, marker: string) =>
        readTranscript(env, { native, workspace, marker }),
      record: (native: string, workspace: string) => findRecord(env, native, workspace),
    }),
    load: () => pool.load(),
    retire: () => pool.retire(),
    close: (grace) => pool.close(grace),
  };
}

/** Candidates with the same key, or the same login of the program, wait together. */
function credentialOf(env: Readonly<Record<string, string>>): string {
  const key = keyOf(env);
  const login = env["CLAUDE_CONFIG_DIR"] ?? env["HOME"] ?? "";
  const endpoint = env["ANTHROPIC_BASE_URL"] ?? "";
  return `claude:${digest(`${key?.secret ?? ""}\n${key === undefined ? login : ""}\n${endpoint}`)}`;
}

/** What a process was started with can't be changed; and it is in the middle of one conversation. */
function fits(warm: Warm, spec: SessionSpec): boolean {
  if (warm.spoilt || !warm.process.usable()) return false;
  const same =
    warm.spec.model === spec.model &&
    warm.spec.workspace === spec.workspace &&
    warm.spec.instructions === spec.instructions;
  return same && (spec.resume === null ? !warm.prompted : warm.native === spec.resume);
}

interface Starting {
  readonly plan: Plan;
  readonly deps: HarnessDeps;
  readonly env: Readonly<Record<string, string>>;
  readonly costs: SessionCosts;
}

/** Starts a process that goes on with the session, or with a new one when the program has lost it. */
async function startWarm(starting: Starting, spec: SessionSpec, signal: AbortSignal): Promise<Warm> {
  const { deps, costs } = starting;
  await mkdir(spec.workspace, { recursive: true }).catch((error: unknown) => {
    throw new HarnessFailed({
      class: "structural",
      code: "harness-failed",
      detail: `the workspace can't be made: ${messageOf(error)}`,
    });
  });
  if (spec.resume !== null) {
    try {
      return await startOne(starting, spec, { id: spec.resume, resume: true }, signal);
    } catch (error) {
      if (!(error instanceof UnknownSession)) throw error;
      deps.log.warn("harness.session_unknown", { session: spec.session, native: spec.resume });
    }
  }
  const id = deps.random.uuid();
  costs.begun(id);
  const warm = await startOne(starting, spec, { id, resume: false }, signal);
  return { ...warm, fresh: spec.resume !== null };
}

async function startOne(
  { plan, deps, env }: Starting,
  spec: SessionSpec,
  session: { readonly id: string; readonly resume: boolean },
  signal: AbortSignal,
): Promise<Warm> {
  const args = turnArguments(spec, session, plan.options.args);
  const process = await startClaude(deps, { command: plan.command, args, cwd: spec.workspace, env }, signal);
  return {
    process,
    native: session.id,
    spec,
    fresh: false,
    prompted: session.resume,
    leases: 0,
    spoilt: false,
    exited: process.exited,
    end: (grace) => process.end(grace),
  };
}

/** One session over the process that it holds. */
function sessionOf(
  { deps, costs }: Pick<Starting, "deps" | "costs">,
  spec: SessionSpec,
  lease: Lease<Warm>,
): HarnessSession {
  const warm = lease.process;
  warm.leases += 1;
  let busy = false;
  return {
    native: warm.native,
    fresh: warm.fresh && warm.leases === 1,
    custody: warm.process.custody,
    async *prompt(prompt, signal) {
      warm.prompted = true;
      busy = true;
      yield* promptTurn(
        {
          ...deps,
          process: warm.process,
          rule: spec.permissions,
          usage: (result) => usageOf(costs, warm.native, result),
          spoil: () => (warm.spoilt = true),
          settled: () => (busy = false),
        },
        prompt,
        signal,
      );
    },
    // A turn that was left in the middle left a program behind that is still at work.
    release: (broken) => lease.release(broken || warm.spoilt || busy),
  };
}

function usageOf(
  costs: SessionCosts,
  native: string,
  { inputTokens, outputTokens, totalUsd }: ResultFrame,
): { inputTokens: number; outputTokens: number; usd?: number } {
  const usd = costs.turn(native, totalUsd);
  return { inputTokens, outputTokens, ...(usd !== undefined && { usd }) };
}
