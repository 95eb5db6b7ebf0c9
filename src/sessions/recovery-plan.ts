import type { AgentConfig } from "../core/config.ts";
import { LIMITS } from "../core/limits.ts";
import type { Recalled } from "./recall.ts";

/** What an interrupted turn is known to have come to. `unprompted`: it was claimed, and no more. */
export type Known = Recalled | { readonly kind: "unprompted" };

export interface RecoveryFacts {
  readonly known: Known;
  readonly onInterrupted: AgentConfig["onInterrupted"];
  /** Attempts that counted before this one. */
  readonly failures: number;
  /** The process ended for something else: no attempt is used. */
  readonly spared?: boolean;
  /** Whether the harness's own session can be gone on with. */
  readonly resumable: boolean;
}

/** Where an interrupted turn goes. */
export type RecoveryPlan =
  /** The answer is there: it is stored and sent, and nothing runs again. */
  | { readonly kind: "adopted" }
  | {
      readonly kind: "resumed" | "rerun";
      /** For the line of history. */
      readonly reason: string;
      readonly usesAttempt: boolean;
      /** The harness may have had the prompt: that it has it again is counted. */
      readonly counts: boolean;
      /** Nothing that was begun is gone on with. */
      readonly forget: boolean;
    }
  | { readonly kind: "asked" | "dead"; readonly reason: string };

/**
 * What becomes of a turn that an earlier gateway left running. Pure.
 *
 * - answered in the harness's record: adopted, whatever the agent's rule is
 * - never prompted, or the record knows nothing of it: run again, with no attempt used, since nothing had happened
 * - prompted, or nobody can say: by `onInterrupted`, while attempts are left
 */
export function planRecovery(facts: RecoveryFacts): RecoveryPlan {
  const { known, onInterrupted, failures, resumable, spared = false } = facts;
  switch (known.kind) {
    case "answered":
      return { kind: "adopted" };
    case "unprompted":
      // Of an earlier attempt something may have begun: that isn't forgotten.
      return { kind: "rerun", reason: "not-prompted", usesAttempt: false, counts: false, forget: false };
    case "absent":
      return { kind: "rerun", reason: "never-arrived", usesAttempt: false, counts: false, forget: true };
    case "prompted":
    case "unknown": {
      const reason = known.kind === "unknown" ? known.why : known.started ? "work-begun" : "prompt-arrived";
      if (!spared && failures + 1 >= LIMITS.turnAttempts) return { kind: "dead", reason };
      if (onInterrupted === "ask") return { kind: "asked", reason };
      const again = { reason, usesAttempt: !spared, counts: true } as const;
      if (onInterrupted === "rerun") return { kind: "rerun", ...again, forget: true };
      // What can't be gone on with begins again, and its agent is told that something may have been done.
      return { kind: resumable ? "resumed" : "rerun", ...again, forget: false };
    }
  }
}
