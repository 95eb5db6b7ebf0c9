import type { FailureClass } from "../../src/core/failure.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import type { SessionKey } from "../../src/core/ids.ts";
import type { Harness, SessionSpec } from "../../src/ports/harness.ts";

/** One harness, made for one test. */
export interface HarnessRig {
  readonly harness: Harness;
  readonly workspace: string;
  /** Pids of processes that it started and that live now. */
  living(): readonly number[];
  /** Called after the harness was closed. */
  tidyUp(): Promise<void>;
}

/** The parts of the contract that a harness may not have. */
export type HarnessPart =
  | "processes"
  | "memory"
  | "native sessions"
  | "interrupt"
  | "pool"
  | "late words"
  | "transcript";

/** What is tested, and how it is made to do what the tests need. */
export interface HarnessSubject {
  readonly name: string;
  /** `max`: as many processes at once, where there are any. */
  rig(max: number): Promise<HarnessRig>;
  /** Parts that it doesn't have, each with the reason. */
  readonly without: Partial<Readonly<Record<HarnessPart, string>>>;
  readonly prompts: {
    /** Answered with a text that has these words in it. */
    readonly plain: { readonly text: string; readonly words: RegExp };
    /** Answered with what was said before in this session. */
    readonly recall: string;
    /** Shows a first word, and then goes on for far longer than a test lasts. */
    readonly slow: string;
    /** Ends with `in time`, and writes more after the end. */
    readonly late: string;
    readonly failing: readonly {
      readonly text: string;
      readonly class: FailureClass;
      readonly code: ErrorCode;
    }[];
  };
}

/** A session's specification, with what the test cares about. */
export function specOf(
  workspace: string,
  over: Partial<SessionSpec> & { readonly name?: string } = {},
): SessionSpec {
  const { name = "one", ...rest } = over;
  return {
    session: `agent:main:test:direct:${name}` as SessionKey,
    model: "default",
    workspace,
    instructions: null,
    resume: null,
    permissions: { policy: "deny", allow: [] },
    ...rest,
  };
}
