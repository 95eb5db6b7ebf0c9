import type { Readable, Writable } from "node:stream";
import type { Custody } from "../core/turn.ts";
import type { Duration } from "../core/time.ts";

/** What is started, where, and with which environment. */
export interface SpawnSpec {
  /** Absolute path, or a name that is looked up on the spec's own PATH. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child: nothing is inherited beside it. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a child ended: by a code or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A child in a process group of its own. */
export interface Child {
  readonly custody: Custody;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** The last words on stderr, bounded by `LIMITS.stderrTailBytes`. */
  stderrTail(): string;
  /** Resolves when the child itself has ended; never rejects. */
  readonly exited: Promise<Exit>;
  /**
   * Ends the whole tree: SIGTERM, after `grace` SIGKILL to the group and to everything that carries the marker.
   * Resolves when the tree is gone, or with what survived, within grace + 2 s.
   */
  end(grace: Duration): Promise<{ readonly survivors: number }>;
}

/** Custody of child processes. Levels: C0 process group, C1 + environment marker scan, C2 PID namespace, C3 cgroup. */
export interface Processes {
  readonly custodyLevel: "C0" | "C1" | "C2" | "C3";
  /** @throws RollcallError `harness-missing` when the program is not there or can't be run */
  spawn(spec: SpawnSpec): Promise<Child>;
  /** Runs to the end and returns what it wrote, for probes. Killed past `deadline`. Output cut at 64 KiB. */
  run(
    spec: SpawnSpec & { input?: string },
    deadline: Duration,
  ): Promise<Exit & { stdout: string; stderr: string; timedOut: boolean }>;
  /** Ends what is left of a tree that an earlier gateway recorded. */
  reap(custody: Custody): Promise<{ readonly survivors: number }>;
  /**
   * Ends every tree that an earlier run on the same state directory left and nobody has recorded, as far as markers
   * tell: of turns that were claimed and no more, of probes, and what was kept warm. Only for a run that holds the
   * state directory. Absent where nothing can be found.
   */
  reapStrays?(recorded: readonly Custody[]): Promise<{ readonly found: number; readonly survivors: number }>;
  /** Where a command would be found with this PATH; undefined when nowhere. */
  which(command: string, path: string): Promise<string | undefined>;
}
