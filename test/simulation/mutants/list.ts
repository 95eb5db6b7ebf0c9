/** One defect: a protection taken out of one file. The text to find stands there exactly once. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

const STORE = "src/store/sqlite";

/** Every protection on a message's way that a test can take away. Each must be seen by the simulation. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "an entry's state is no fence",
    file: `${STORE}/entry-steps.ts`,
    find: "if (row?.state !== at.state || row.attempt !== at.attempt) throw LOST;",
    put: "if (row === undefined) throw LOST;",
  },
  {
    name: "an old attempt of a turn may write",
    file: `${STORE}/turn-fence.ts`,
    find: "if (row === undefined || row.attempt !== fence.attempt) throw LOST;",
    put: "if (row === undefined) throw LOST;",
  },
  {
    name: "an old epoch may write",
    file: `${STORE}/committer.ts`,
    find: "SELECT 'store:commits', 1 FROM meta WHERE epoch = ?",
    put: "SELECT 'store:commits', 1 FROM meta WHERE ? > 0",
  },
  {
    name: "an opening doesn't raise the epoch",
    file: `${STORE}/own.ts`,
    find: "UPDATE meta SET epoch = max(epoch, ?) + 1,",
    put: "UPDATE meta SET epoch = max(epoch, 1 + 0 * ?),",
  },
  {
    name: "confirmed before it is committed",
    file: "src/inbox/accept.ts",
    find: "const results = await deps.store.accept({ ...batch, items });",
    put: "const later = deps.store.accept({ ...batch, items });\n      void later.then((done) => announce(deps, batch, items, done)).catch(() => null);\n      const results: Accepted[] = [];",
  },
  {
    name: "what was accepted wakes nobody",
    file: "src/inbox/accept.ts",
    find: "if (entries.length > 0) deps.accepted(entries);",
    put: "if (entries.length > 1) deps.accepted(entries);",
  },
  {
    name: "a late receipt of a send counts",
    file: `${STORE}/deliveries.ts`,
    find: "row.attempts !== fence.attempts || !maySettle(row, to.state)",
    put: "!maySettle(row, to.state)",
  },
  {
    name: "done while a part is still to be sent",
    file: `${STORE}/finish.ts`,
    find: "if (ends === undefined || ends.open > 0) return [];\n  const row",
    put: "if (ends === undefined) return [];\n  const row",
  },
  {
    name: "a turn that is claimed in part keeps the rest",
    file: `${STORE}/claim.ts`,
    find: "if (old !== undefined) leaveOut(tx, turn);",
    put: "",
  },
  {
    name: "a full disk forgets what was in work",
    file: "src/store/patient-store.ts",
    find: 'if (!(error instanceof RollcallError) || error.code !== "store-full") throw error;',
    put: "throw error;",
  },
  {
    name: "a fault of ours kills a message",
    file: "src/core/failure.ts",
    find: 'structural: { untouched: go("next-candidate"), last: go("hold")',
    put: 'structural: { untouched: go("next-candidate"), last: go("dead")',
  },
  {
    name: "another candidate repeats what had begun",
    file: "src/core/failure.ts",
    find: 'failed: { untouched: go("next-candidate"), last: go("retry", true), started: go("interrupted", true) }',
    put: 'failed: { untouched: go("next-candidate"), last: go("retry", true), started: go("next-candidate") }',
  },
  {
    name: "a message is given up after its second failure",
    file: "src/core/limits.ts",
    find: "turnAttempts: 3,",
    put: "turnAttempts: 2,",
  },
  {
    name: "entries are counted twice at their end",
    file: `${STORE}/entry-steps.ts`,
    find: "count(tx, `entries:${to}`, 1);",
    put: 'count(tx, `entries:${to}`, to === "done" ? 2 : 1);',
  },
  {
    name: "duplicates aren't counted",
    file: `${STORE}/inbox.ts`,
    find: 'for (const outcome of ["accepted", "duplicate", "ignored", "refused"] as const) {',
    put: 'for (const outcome of ["accepted", "ignored", "refused"] as const) {',
  },
];
