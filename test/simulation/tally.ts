// Sums over many runs.
import type { Plan } from "./plan.ts";
import type { Outcome } from "./run.ts";
import type { Violation } from "./witness.ts";

/** What a piece of work found, as it passes between threads. */
export interface Tally {
  runs: number;
  messages: number;
  steps: number;
  lives: number;
  readonly reached: Record<string, number>;
  readonly failures: {
    readonly seed: number;
    readonly flavour: string;
    readonly violations: readonly Violation[];
  }[];
}

/** Failing runs that are kept; beyond it they are only counted by their seeds. */
const MOST_KEPT = 50;

export function emptyTally(): Tally {
  return { runs: 0, messages: 0, steps: 0, lives: 0, reached: {}, failures: [] };
}

export function addOutcome(tally: Tally, plan: Plan, outcome: Outcome): void {
  tally.runs += 1;
  tally.messages += outcome.messages;
  tally.steps += outcome.steps;
  tally.lives += outcome.lives;
  for (const [what, count] of outcome.reached) tally.reached[what] = (tally.reached[what] ?? 0) + count;
  if (outcome.violations.length > 0 && tally.failures.length < MOST_KEPT)
    tally.failures.push({
      seed: plan.seed,
      flavour: plan.flavour,
      violations: outcome.violations.slice(0, 3),
    });
}

export function addTally(sum: Tally, part: Tally): void {
  sum.runs += part.runs;
  sum.messages += part.messages;
  sum.steps += part.steps;
  sum.lives += part.lives;
  for (const [what, count] of Object.entries(part.reached))
    sum.reached[what] = (sum.reached[what] ?? 0) + count;
  sum.failures.push(...part.failures.slice(0, MOST_KEPT));
}

/** Every fault that a plan can draw: each must have been met by a long enough run, or it proves nothing. */
export const SOMETIMES = [
  "kill-at-write:kill-before",
  "kill-at-write:kill-after",
  "kill-at-step",
  "kill-starting:kill-before",
  "kill-starting:kill-after",
  "stop",
  "takeover",
  "suspend",
  "disk-full",
  "disk-slow",
  "disk-error:error-before",
  "disk-error:error-after",
  "send:not-sent",
  "send:request-lost",
  "send:response-lost",
  "send:late",
  "send:wait",
  "send:wait-account",
  "send:refused",
  "edit:late",
  "edit:response-lost",
  "edit:request-lost",
  "poll:not-sent",
  "poll:response-lost",
  "poll:late",
  "twice",
  "harness:failed",
  "harness:failed-started",
  "harness:failed-tool",
  "harness:protocol",
  "harness:structural",
  "harness:refused",
  "harness:limit",
  "harness:hang",
  "harness:hang-tool",
  "harness:died-with-answer",
  "harness:unopenable",
  "program-gone",
  "tool",
  "stubborn",
  "reload",
  "clock",
  "cancel",
  "stop-command",
] as const;

export function neverMet(tally: Tally): readonly string[] {
  return SOMETIMES.filter((what) => (tally.reached[what] ?? 0) === 0);
}
