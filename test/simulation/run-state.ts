// What the parts of one run share.
import type { Log } from "../../src/ports/log.ts";
import type { MemoryDisk } from "../../src/store/sqlite/open.ts";
import type { Draw } from "./draw.ts";
import type { Life } from "./life.ts";
import type { Machine } from "./machine.ts";
import type { Plan } from "./plan.ts";
import type { Platform } from "./platform.ts";
import type { Disk } from "./sim-store.ts";
import type { Witness } from "./witness.ts";
import type { Owner, World } from "./world.ts";

/** Everything of a run that its parts share. */
export interface Run {
  readonly plan: Plan;
  readonly world: World;
  readonly memory: MemoryDisk;
  readonly disk: Disk;
  readonly platform: Platform;
  readonly machine: Machine;
  readonly witness: Witness;
  readonly draw: Draw;
  readonly log: Log;
  readonly given: Set<number>;
  readonly reached: Map<string, number>;
  life: Life | null;
  lives: number;
  kills: number;
  /** Writes of all lives, and of this one. */
  readonly writes: { all: number; own: number };
  readonly reach: (what: string) => void;
  /** Sends that the platform refused for ever. */
  readonly refused: ReadonlySet<string>;
  /** A process ends at once; a moment later the next one starts. */
  readonly end: (owner: Owner) => void;
  /** Whether a process can't be ended now. */
  readonly stubborn: (pid: number) => boolean;
  /** Begins the next life. */
  readonly begin: () => void;
}
