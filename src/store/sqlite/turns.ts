import { invariant } from "../../core/assert.ts";
import type { MessageId } from "../../core/ids.ts";
import type { Turn, TurnFence } from "../../core/turn.ts";
import type { EntryMove, TurnStore } from "../../ports/store.ts";
import { LOST } from "./committer.ts";
import type { StoreContext, Tx } from "./context.ts";
import { assertClaim, claimTurn } from "./claim.ts";
import { insertDelivery, tell } from "./deliveries.ts";
import { appendHistory, assertEntryStep, stepEntry } from "./entry-steps.ts";
import { finishTurn } from "./finish.ts";
import { applyMove, assertMove, moveEntries } from "./moves.ts";
import { turnOf } from "./rows.ts";
import { patchTurn } from "./seals.ts";
import { chapterOf } from "./sessions.ts";
import { assertTurnStep, expectRunning, type RunningTurn } from "./turn-fence.ts";

type TurnPart = Pick<TurnStore, "claim" | "prompted" | "nextAttempt" | "answer" | "endTurn" | "move">;
type Prompted = Parameters<TurnStore["prompted"]>[1];
type Answer = Parameters<TurnStore["answer"]>[1];
type End = Parameters<TurnStore["endTurn"]>[1];

/** The life of a turn: claimed → prompted → answered | ended, each an own durable write under its fence. */
export function createTurns(context: StoreContext): TurnPart {
  const { db, epoch, committer } = context;
  const tx: Tx = { db, epoch };
  return {
    async claim(claim) {
      assertClaim(claim);
      return committer.write(() => claimTurn(context, claim), null);
    },
    prompted: (fence, by) => committer.write(() => prompted(tx, fence, by), false),
    nextAttempt: (fence, why, at) => committer.write(() => nextAttempt(tx, fence, why, at), null),
    answer: (fence, answer) => committer.write(() => storeAnswer(tx, fence, answer), false),
    async endTurn(fence, end) {
      end.moves.forEach(assertMove);
      return committer.write(() => endTurn(tx, fence, end), false);
    },
    async move(moves, deliveries, at) {
      moves.forEach(assertMove);
      return committer.write(() => moveEntries(tx, moves, deliveries, at), false);
    },
  };
}

function prompted(tx: Tx, fence: TurnFence, by: Prompted): true {
  const { row, entries } = expectRunning(tx, fence);
  assertTurnStep(row, "prompted");
  patchTurn(tx, row, {
    state: "prompted",
    harness: by.harness,
    model: by.model,
    native_session: by.nativeSession,
    custody: by.custody === null ? null : JSON.stringify(by.custody),
  });
  const data = { turn: row.id, attempt: row.attempt, harness: by.harness, model: by.model };
  for (const { id } of entries) appendHistory(tx, id, { at: by.at, event: "prompted", data });
  return true;
}

function nextAttempt(tx: Tx, fence: TurnFence, why: Readonly<Record<string, unknown>>, at: number): Turn {
  const { row, entries } = expectRunning(tx, fence);
  const attempt = row.attempt + 1;
  const next = patchTurn(tx, row, { attempt, state: "claimed", custody: null });
  for (const { id } of entries)
    appendHistory(tx, id, { at, event: "attempt", data: { ...why, turn: row.id, attempt } });
  return turnOf(next);
}

function storeAnswer(tx: Tx, fence: TurnFence, answer: Answer): true {
  const turn = expectRunning(tx, fence);
  const { row, entries } = turn;
  patchTurn(tx, row, {
    state: "answered",
    reply: JSON.stringify(answer.reply),
    answered_at: answer.at,
  });
  for (const delivery of answer.deliveries) {
    invariant(
      "I5",
      insertDelivery(tx, delivery),
      `delivery ${delivery.key} of turn ${row.id} exists already`,
    );
  }
  const { adopted, tools } = answer;
  const by = { turn: row.id, attempt: row.attempt, harness: row.harness, model: row.model };
  const data = tools === undefined ? by : { ...by, tools };
  const line =
    adopted === undefined
      ? { at: answer.at, event: "answered", data }
      : { at: answer.at, event: "adopted", data: { ...data, reason: adopted } };
  for (const entry of entries) stepEntry(tx, entry, "answered", {}, line);
  for (const { id, shown, ...delivery } of answer.deliveries)
    if (shown === true) tell(tx, delivery, "sent", answer.at, { attempt: 0, platformId: id });
  rememberSession(tx, turn, answer);
  rememberUsage(tx, turn, answer);
  finishTurn(tx, row.id, answer.at);
  return true;
}

function rememberSession(tx: Tx, { row }: RunningTurn, { nativeSession }: Answer): void {
  if (nativeSession === null || row.harness === null) return;
  if (row.chapter !== chapterOf(tx, row.session)) return;
  tx.db.run(
    "INSERT OR REPLACE INTO harness_sessions (session, harness, native, last_seq) VALUES (?, ?, ?, ?)",
    row.session,
    row.harness,
    nativeSession,
    row.last_seq,
  );
}

function rememberUsage(tx: Tx, { row }: RunningTurn, { usage, at }: Answer): void {
  if (usage === null) return;
  tx.db.run(
    "INSERT INTO usage (agent, at, turn, harness, model, input_tokens, output_tokens, usd) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    row.agent,
    at,
    row.id,
    row.harness,
    row.model,
    usage.inputTokens,
    usage.outputTokens,
    usage.usd ?? null,
  );
}

/** The fence is the turn's: entries that were taken out of it meanwhile have had their end, and are passed over. */
function endTurn(tx: Tx, fence: TurnFence, end: End): true {
  const { row, entries } = expectRunning(tx, fence);
  const byId = new Map<MessageId, EntryMove>(end.moves.map((move) => [move.id, move]));
  for (const entry of entries) {
    const move = byId.get(entry.id);
    invariant("I4", move !== undefined, `turn ${row.id} ends and says nothing of ${entry.id}`);
    if (move.from !== "running" || move.attempt !== entry.attempt) throw LOST;
    assertEntryStep(entry, move.to);
    applyMove(tx, entry, move, end.at);
  }
  for (const delivery of end.deliveries) insertDelivery(tx, delivery);
  patchTurn(tx, row, {
    state: "ended",
    failures: row.failures + (end.usesAttempt ? 1 : 0),
    reruns: row.reruns + (end.rerun === true ? 1 : 0),
    ...(end.forget === true && { harness: null, model: null, native_session: null }),
  });
  return true;
}
