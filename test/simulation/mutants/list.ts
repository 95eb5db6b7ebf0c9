/** One defect: a protection taken out of one file. The text to find stands there exactly once. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

const STORE = "src/store/sqlite";

/**
 * Every protection on a message's way that a run can need. Each must be seen by the simulation. The compare-and-set on
 * state and attempt stands behind the epoch and the one owner: no run gets past those, so that its own tests
 * (`test/store/late-callbacks.test.ts`, the store's suite) are for it.
 */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "an old epoch may write",
    file: `${STORE}/committer.ts`,
    find: "AND (SELECT epoch FROM meta) = ?",
    put: "AND ? > 0",
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
    find: "const results = await deps.store.accept({ ...part, items });",
    put: "void deps.store.accept({ ...part, items }).then((done) => announce(deps, part, items, done)).catch(() => null);\n        if (items.length > 0) continue;\n        const results: Accepted[] = [];",
  },
  {
    name: "what was accepted wakes nobody",
    file: "src/inbox/accept.ts",
    find: "  deps.accepted(entries);",
    put: "  if (entries.length > 1) deps.accepted(entries);",
  },
  {
    name: "done while a part is still to be sent",
    file: `${STORE}/finish.ts`,
    find: "if (ends === undefined || ends.open > 0) return [];\n  const row",
    put: "if (ends === undefined) return [];\n  const row",
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
  {
    name: "what was cut off while it was sent is sent again as if it were new",
    file: `${STORE}/outbox-pages.ts`,
    find: "WHERE ${OPEN} AND state = 'sending'`).map(deliveryOf);",
    put: "WHERE ${OPEN} AND state = 'sending' AND attempts > 99`).map(deliveryOf);",
  },
  {
    name: "a repeat isn't marked",
    file: "src/outbox/try-send.ts",
    find: 'const repeat = manner === "marked" ||',
    put: 'const repeat = manner === "plain" ||',
  },
  {
    name: "a doubt is forgotten",
    file: "src/outbox/classify.ts",
    find: 'return { state: "in-doubt", notBefore: now + delay, detail: outcome.detail };',
    put: 'return { state: "retry-at", notBefore: now + delay };',
  },
  {
    name: "a doubt counts as sent",
    file: "src/outbox/classify.ts",
    find: 'return { state: "in-doubt", notBefore: now + delay, detail: outcome.detail };',
    put: 'return { state: "sent", platformId: "?" };',
  },
  {
    name: "a refusal is tried again",
    file: "src/outbox/classify.ts",
    find: 'case "refused":\n      return { state: "dead", detail: outcome.detail };',
    put: 'case "refused":\n      return { state: "retry-at", notBefore: now + delay };',
  },
  {
    name: "what never left is given up",
    file: "src/outbox/classify.ts",
    find: 'if (delivery.kind === "progress") return { state: "dead", detail: outcome.detail };\n      return { state: "retry-at", notBefore: now + delay };',
    put: 'return { state: "dead", detail: outcome.detail };',
  },
  {
    name: "a chat's pause is nobody's",
    file: "src/outbox/turn.ts",
    find: "else account.pausedChats.set(line.to.conversation, until);",
    put: "",
  },
  {
    name: "an account's pause is nobody's",
    file: "src/outbox/turn.ts",
    find: 'if (outcome.scope === "account") account.pausedUntil = Math.max(account.pausedUntil, until);',
    put: 'if (outcome.scope === "account") return;',
  },
  {
    name: "sent without an intent",
    file: "src/outbox/try-send.ts",
    find: "const intent = await deps.store.sending(delivery.id, delivery.state, delivery.attempts, deps.clock.now());",
    put: "const intent = delivery;",
  },
  {
    name: "an answer goes into a live view whose edits are in doubt",
    file: "src/outbox/try-send.ts",
    find: "const editInDoubt = deps.editInDoubt(key) || shown.seq <= deps.since();",
    put: "const editInDoubt = false;",
  },
  {
    name: "an answer in the record is not adopted",
    file: "src/sessions/recovery-plan.ts",
    find: 'case "answered":\n      return { kind: "adopted" };',
    put: 'case "answered":\n      return { kind: "rerun", reason: "never-arrived", usesAttempt: false, counts: false, forget: true };',
  },
  {
    name: "a turn is decided on while its processes live",
    file: "src/sessions/recover.ts",
    find: "if (left.survivors === 0 || turn.custody === null) return decide(state, left);",
    put: "if (left.survivors >= 0) return decide(state, left);",
  },
  {
    name: "processes are ended after their turns began anew",
    file: "src/sessions/recover.ts",
    find: "left.survivors = await left.tree;",
    put: "left.survivors = 0;",
  },
  {
    name: "interrupted turns are not taken up",
    file: "src/sessions/recover.ts",
    find: "for (const { turn, entries } of await deps.store.interrupted()) find(state, turn, entries);",
    put: "await deps.store.interrupted();",
  },
  {
    name: "another harness goes on with what one has begun",
    file: "src/sessions/candidates.ts",
    find: "return runners.filter(({ harness }) => harness.id === turn.harness);",
    put: "return runners;",
  },
  {
    name: "two turns of one lane at once",
    file: "src/sessions/lanes.ts",
    find: "if (!lane.walking) void walk(state, lane);",
    put: "void walk(state, lane);",
  },
  {
    name: "a lane runs its newest message first",
    file: "src/sessions/bundle.ts",
    find: 'const first = waiting[0];\n  if (first === undefined) return { kind: "none" };',
    put: 'const first = waiting.findLast(({ turn }) => turn === null) ?? waiting[0];\n  if (first === undefined) return { kind: "none" };',
  },
  {
    name: "a resumed prompt lacks the sender's words",
    file: "src/sessions/envelope.ts",
    find: 'return `${head.join("\\n")}\\n${ENVELOPE_END}\\n${texts.join("\\n\\n")}`;',
    put: 'return `${head.join("\\n")}\\n${ENVELOPE_END}\\n${input.interrupted ? "go on" : texts.join("\\n\\n")}`;',
  },
  {
    name: "a turn changes its generation",
    file: "src/sessions/lanes.ts",
    find: "generation: generation.number,",
    put: "generation: deps.roster.current().number + 1,",
  },
  {
    name: "a stop of the gateway cancels what runs",
    file: "src/sessions/settle-failure.ts",
    find: 'if (failure.class === "cancelled" && facts.stopReason !== "cancel") {',
    put: 'if (failure.class === "cancelled" && facts.stopReason === "interrupt") {',
  },
];
