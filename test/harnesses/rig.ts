import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { systemClock } from "../../src/platform/clock.ts";
import { createProcesses } from "../../src/platform/processes.ts";
import { livingTree, signal, startTimeOf } from "../../src/platform/process-tree.ts";
import { systemRandom } from "../../src/platform/random.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type {
  Harness,
  HarnessDeps,
  HarnessKind,
  HarnessSession,
  SessionSpec,
} from "../../src/ports/harness.ts";
import type { Processes } from "../../src/ports/process.ts";
import { specOf, type HarnessRig } from "../contracts/harness-suite.ts";
import { fakeClaude, type FakeClaude, type FakeClaudeControl } from "../fakes/harness/fake-claude.ts";
import { createKeptLog, type LoggedLine } from "../fakes/silent-log.ts";
import { claudeCli } from "../../src/harnesses/claude-cli/claude-cli.ts";

/** Processes that remember the custody of everything that was spawned. */
function watched(inner: Processes): { readonly processes: Processes; living(): readonly number[] } {
  const keys: { group: number; marker: string }[] = [];
  return {
    processes: {
      ...inner,
      async spawn(spec) {
        const child = await inner.spawn(spec);
        keys.push({ group: child.custody.pid, marker: child.custody.marker });
        return child;
      },
    },
    living: () => [...new Set(keys.flatMap((key) => livingTree(key)))],
  };
}

export interface RigOptions {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** The folder of an earlier rig, to go on with. */
  readonly dir?: string;
}

export interface Rig extends HarnessRig {
  readonly dir: string;
  readonly logged: readonly LoggedLine[];
}

/** Opens a harness of this kind as the gateway does: schema, plan, create. Real processes, the machine's own clock. */
export async function rigOf<O>(kind: HarnessKind<O>, given: RigOptions = {}): Promise<Rig> {
  const dir = given.dir ?? (await mkdtemp(path.join(os.tmpdir(), "rollcall-harness-")));
  const clock = given.clock ?? systemClock;
  const logged: LoggedLine[] = [];
  const log = createKeptLog(logged);
  const watch = watched(createProcesses({ clock: systemClock, random: systemRandom, log }));
  const schema = await kind.schema();
  const plan = await kind.plan({
    id: kind.kind,
    options: schema.parse(given.options ?? {}),
    at: `harnesses.${kind.kind}`,
    baseDir: dir,
    secret: async (ref) => (typeof ref === "string" ? ref : "env" in ref ? (given.env?.[ref.env] ?? "") : ""),
  });
  const deps: HarnessDeps = {
    clock,
    random: systemRandom,
    log,
    processes: watch.processes,
    env: given.env ?? {},
    stateDir: path.join(dir, "state"),
  };
  const harness: Harness = plan.create(deps);
  return {
    harness,
    dir,
    logged,
    workspace: path.join(dir, "workspace"),
    living: () => watch.living(),
    tidyUp: () => rm(dir, { recursive: true, force: true }),
  };
}

export interface ClaudeRig extends Rig {
  readonly fake: FakeClaude;
}

/** The adapter over the fake program. */
export async function claudeRig(
  given: RigOptions & { readonly max?: number; readonly control?: FakeClaudeControl } = {},
): Promise<ClaudeRig> {
  const dir = given.dir ?? (await mkdtemp(path.join(os.tmpdir(), "rollcall-claude-")));
  const fake = fakeClaude({ dir });
  if (given.control !== undefined) fake.control(given.control);
  const rig = await rigOf(claudeCli, {
    ...given,
    dir,
    env: { ...fake.env, ...given.env },
    options: { command: fake.command, pool: { max: given.max ?? 4 }, ...given.options },
  });
  return { ...rig, fake };
}

/** Whether the kernel still keeps the process for us, ended or not: false means that its exit was seen. */
export function known(pid: number): boolean {
  return signal(pid, 0);
}

export function alive(pid: number): boolean {
  return startTimeOf(pid) !== undefined;
}

/** Runs a test over the fake program; afterwards nothing of it lives. */
export async function withClaude(
  given: Parameters<typeof claudeRig>[0],
  run: (rig: ClaudeRig) => Promise<void>,
): Promise<void> {
  const rig = await claudeRig(given);
  try {
    await run(rig);
  } finally {
    await rig.harness.close(2000);
    assert.deepEqual(rig.living(), [], "no process outlives its harness");
    await rig.tidyUp();
  }
}

/** A session of the rig's harness, opened without a way to stop waiting for it. */
export function openOne(
  rig: Rig,
  over: Partial<SessionSpec> & { readonly name?: string } = {},
): Promise<HarnessSession> {
  return rig.harness.open(specOf(rig.workspace, over), new AbortController().signal);
}
