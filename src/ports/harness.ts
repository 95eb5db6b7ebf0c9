import type { Failure } from "../core/failure.ts";
import type { SessionKey } from "../core/ids.ts";
import type { Duration } from "../core/time.ts";
import type { Custody, Usage } from "../core/turn.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Processes } from "./process.ts";
import type { Random } from "./random.ts";
import type { Section, SectionSchema } from "./section.ts";

/** What every harness is made with. */
export interface HarnessDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly processes: Processes;
  /** The gateway's own environment: a harness takes from it only what its allow-list names. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A folder of the harness's own in the state directory. */
  readonly stateDir: string;
}

/** A kind of harness, as the catalog lists it. */
export interface HarnessKind<Options = unknown> {
  readonly kind: string;
  readonly schema: SectionSchema<Options>;
  /** What an empty section means, equal to what the schema makes of it: spares loading the schema. */
  readonly defaults?: Options;
  /**
   * Plans one declared harness and opens nothing.
   *
   * @throws RollcallError `config-invalid`, `secret-unresolved`
   */
  plan(section: Section<Options>): Promise<HarnessPlan>;
}

/** A checked harness that is not open yet. */
export interface HarnessPlan {
  readonly id: string;
  readonly kind: string;
  /** Equal text means that its warm processes can go on across a reload. */
  readonly effectiveConfig: string;
  create(deps: HarnessDeps): Harness;
}

/** Levels of proof: the file, a handshake, the credential, a whole turn. */
export type ProbeLevel = "L0" | "L1" | "L2" | "L3";

/** What one probe proved, or the level at which it failed and why. */
export type ProbeResult =
  | {
      readonly ok: true;
      /** The highest level that this probe proved. */
      readonly level: ProbeLevel;
      readonly version?: string;
      /** How it is paid: shown to the operator. */
      readonly paidBy?: "subscription" | "key" | "none";
    }
  | { readonly ok: false; readonly level: ProbeLevel; readonly failure: Failure };

/** What a harness's own record of a session tells about one turn, after the gateway lost sight of it. */
export type Transcript =
  /** No record of the session, or none of the turn: the prompt never arrived. */
  | { readonly kind: "absent" }
  /** The prompt arrived; no final answer follows it. `started`: a tool had been called or text written after it. */
  | { readonly kind: "prompted"; readonly started: boolean }
  /** The prompt was answered to its end. */
  | {
      readonly kind: "answered";
      readonly text: string;
      readonly files: readonly string[];
      readonly usage: Usage | null;
    };

/** A declared harness: the program that runs the agent loop. Its definition lives on when no process does. */
export interface Harness {
  readonly id: string;
  readonly kind: string;
  /** Candidates with the same credential wait together. */
  readonly credential: string;
  /** Whether a new process can go on with an old session. */
  readonly resumes: boolean;
  /** It answers each message by itself: what was said before is of no use to it, and isn't told. */
  readonly forgetful?: boolean;
  /** The lowest level whose proof depends on the model; below it one probe counts for all candidates. L3 when absent. */
  readonly modelLevel?: ProbeLevel;
  /** Proves up to `level` (or as far as the kind can without a turn). Never throws for what the harness does. */
  probe(model: string, level: ProbeLevel, signal: AbortSignal): Promise<ProbeResult>;
  /**
   * Calls back soon after the program's file may have changed, come or gone, until the returned end. It may call back
   * for nothing, and may miss a change: it makes looking quicker, it doesn't replace it. Where there is no file it is
   * left out.
   */
  watch?(changed: () => void): () => void;
  /**
   * Gets a process (or connection) for one session, warm where there is one; waits its turn when the pool is full.
   * Nothing is prompted yet.
   *
   * @throws HarnessFailed
   */
  open(spec: SessionSpec, signal: AbortSignal): Promise<HarnessSession>;
  /**
   * Looks into the harness's own record of a session for the last prompt that carries a turn's marker. Only reads; nothing
   * of the session runs at that time. Left out where a harness keeps no record. Bounded by 5 s and by the record's size.
   *
   * @param marker the first line of the turn's envelope, `[rollcall TURN]`
   * @throws RollcallError when the record is there and can't be read: then nothing is known of the turn
   */
  transcript?(native: string, workspace: string, marker: string): Promise<Transcript>;
  /**
   * The file in which the harness keeps its record of a session, for backups; null when there is none. Left out where a
   * harness keeps no record.
   */
  record?(native: string, workspace: string): Promise<string | null>;
  /** What is running now, for status. */
  load(): { readonly running: number; readonly idle: number; readonly waiting: number; readonly max: number };
  /**
   * Another instance takes its place; turns that run here go on. Ends the idle processes, and the others as they are
   * given back. Resolves when no idle process is left; bounded. A harness without processes of its own leaves it out.
   */
  retire?(): Promise<void>;
  /** Ends every process. Bounded: grace + 2 s. */
  close(grace: Duration): Promise<void>;
}

/** Which session a process is wanted for, and under which rules it works. */
export interface SessionSpec {
  readonly session: SessionKey;
  readonly model: string;
  /** Absolute. */
  readonly workspace: string;
  readonly instructions: string | null;
  /** The harness's own session to go on with; null begins a new one. */
  readonly resume: string | null;
  readonly permissions: PermissionRule;
}

/** Answers permission requests without a person. */
export interface PermissionRule {
  readonly policy: "ask" | "allow-list" | "deny";
  readonly allow: readonly string[];
}

/** A process or connection that is held for one session until it is given back. */
export interface HarnessSession {
  /** The harness's own session id, known before the prompt; null where the harness tells it only with its events. */
  readonly native: string | null;
  /** Whether the asked-for session could not be resumed and a new one was begun. */
  readonly fresh: boolean;
  readonly custody: Custody | null;
  /**
   * Writes one prompt and yields what happens until `final` or `failed`, which is the last event. Aborting `signal`
   * interrupts the turn gently, ends the tree if that doesn't help, and yields `failed` with class `cancelled`.
   */
  prompt(prompt: Prompt, signal: AbortSignal): AsyncIterable<HarnessEvent>;
  /** Gives it back: warm for the next turn of the session, or ended when `broken`. */
  release(broken: boolean): Promise<void>;
}

/** What a turn says to the harness. */
export interface Prompt {
  /** The envelope and the user's own text, which comes last. */
  readonly text: string;
  /** Images that the harness may show to the model directly; every file is also named in the text. */
  readonly images: readonly { readonly path: string; readonly mime: string }[];
}

/** What a harness tells during a turn, in the words of all harnesses. */
export type HarnessEvent =
  /** Something moved: resets the silence deadlines. */
  | { readonly kind: "alive"; readonly note?: string }
  /** A piece of the answer. */
  | { readonly kind: "text"; readonly delta: string }
  /** A tool, a permission question or a compaction is open: silence is honest until it closes. */
  | {
      readonly kind: "opened";
      readonly id: string;
      readonly what: "tool" | "permission" | "compaction";
      readonly name: string;
    }
  | { readonly kind: "closed"; readonly id: string }
  /** A permission request was answered by rule. */
  | { readonly kind: "permission"; readonly tool: string; readonly allowed: boolean }
  | { readonly kind: "native"; readonly native: string }
  | {
      readonly kind: "final";
      readonly text: string;
      readonly files: readonly string[];
      readonly usage: Usage | null;
    }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Thrown by `open` alone: nothing was prompted. */
export class HarnessFailed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(`${failure.code}: ${failure.detail}`);
    this.name = "HarnessFailed";
    this.failure = failure;
  }
}
