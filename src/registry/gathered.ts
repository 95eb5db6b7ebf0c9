import type { Unregistered } from "./build.ts";
import { createDraft, type BuiltIns, type Kinds } from "./draft.ts";
import type { PluginFault } from "./plugin-fault.ts";

/** What is gathered for a generation. */
export interface Gathered {
  /** Everything that listed plugins did wrong until now, in order of the list. */
  faults(): readonly PluginFault[];
  /** Declared harnesses that nobody brought. */
  readonly undone: readonly Unregistered[];
  /** Whether a plugin had to be interrupted: then the process isn't to be trusted with more than its end. */
  readonly interrupted: boolean;
  /** What declared names mean. From now on nothing is added. */
  kinds(): Kinds;
  /** What plugins register from now on is no fault of a start any more: it is thrown back and told. */
  seal(): void;
}

/** What a generation without plugins is made of. */
export function gatherBuiltIns(builtIns: BuiltIns): Gathered {
  const draft = createDraft(builtIns);
  return { faults: () => [], undone: [], interrupted: false, kinds: () => draft.seal(), seal: () => {} };
}
