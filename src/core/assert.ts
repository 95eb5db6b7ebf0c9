/**
 * The promises that the code keeps at every step. `docs/invariants.md` lists them with what checks each one.
 * An assertion that fails is a bug of ours (exit 1), never a fault of a message.
 */
export type InvariantId =
  `I${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18}`;

/** A promise that did not hold: a bug of ours, named by the invariant. */
export class InvariantBroken extends Error {
  readonly invariant: InvariantId;
  constructor(invariant: InvariantId, detail: string) {
    super(`invariant ${invariant} broken: ${detail}`);
    this.name = "InvariantBroken";
    this.invariant = invariant;
  }
}

/** Checks a promise where it could break. @throws InvariantBroken with `detail`, which is for the log only */
export function invariant(id: InvariantId, holds: boolean, detail: string): asserts holds {
  if (!holds) throw new InvariantBroken(id, detail);
}

/** Proves to the compiler that every case was handled, and to us at run time that the compiler was told the truth. */
export function unreachable(value: never): never {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`);
}
