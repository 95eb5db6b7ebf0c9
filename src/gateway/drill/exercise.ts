import type { Judge } from "./finding.ts";
import type { Stage } from "./stage.ts";

/** One fault, and the promises that hold through it. */
export interface Exercise {
  readonly name: string;
  readonly about: string;
  /** Plays it on a stage of its own. Bounded in time by the looks that it makes. @throws DrillFailed */
  run(stage: Stage, judge: Judge): Promise<void>;
}
