/**
 * Trees that outlived their end. A second one beside them would be two writers of one session, so the session waits:
 * its incident is named to the operator and its sender, and the tree is ended again and again until it is gone. That is
 * bounded by the agent's `hold.max`, after which what waits ends like any other hold.
 *
 * Keeps: I4 (what was accepted ends), I9 (one live harness tree per lane).
 */
import { backoffDelay } from "../core/backoff.ts";
import type { Entry } from "../core/entry.ts";
import { messageOf } from "../core/errors.ts";
import { BACKOFF, LIMITS } from "../core/limits.ts";
import type { Custody, Turn } from "../core/turn.ts";
import type { Processes } from "../ports/process.ts";
import { endNotice } from "./end-notice.ts";
import { ORPHAN_MAX } from "./questions.ts";
import type { Interrupted, RecoverTurnDeps } from "./recover-turn.ts";
import { TEXTS } from "./texts.ts";
import { targetOf } from "./turn-deps.ts";
import { fenceOf } from "./turn-work.ts";

export interface SurvivorDeps extends RecoverTurnDeps {
  readonly processes: Pick<Processes, "reap">;
}

/**
 * Resolves with true when the tree is gone, and with false when the gateway stops before.
 *
 * @param count how many were left at the first look
 */
export async function untilGone(
  deps: SurvivorDeps,
  one: Interrupted & { readonly custody: Custody },
  count: number,
  stop: AbortSignal,
): Promise<boolean> {
  const { turn, custody } = one;
  const subject = `session/${turn.session}`;
  const begun = deps.clock.monotonic();
  const max = deps.agent(turn.agent)?.hold.max ?? ORPHAN_MAX;
  let told = await written(deps, turn, () => tell(deps, one, subject, count));
  for (let tries = 1; ; tries += 1) {
    await deps.clock.sleep(backoffDelay(BACKOFF.probe, tries, 0.5), stop);
    if (stop.aborted) return false;
    const { survivors } = await deps.processes.reap(custody);
    if (survivors === 0) break;
    told ||= await written(deps, turn, () => tell(deps, one, subject, survivors));
    if (deps.clock.monotonic() - begun >= max) await written(deps, turn, () => expire(deps, one, max));
  }
  deps.log.info("turn.survivors_gone", { turn: turn.id, session: turn.session });
  deps.alerts?.resolve("harness-survives", subject);
  return true;
}

/** False when the store can't write now: it is tried again with the next look. */
async function written(deps: SurvivorDeps, { id }: Turn, write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    deps.log.error("turn.survivors_untold", { turn: id, error: messageOf(error) });
    return false;
  }
}

async function tell(deps: SurvivorDeps, one: Interrupted, subject: string, count: number): Promise<void> {
  const { turn, entries } = one;
  const fields = { turn: turn.id, session: turn.session, survivors: count, pid: turn.custody?.pid };
  deps.log.error("turn.survivors", fields, "processes of an interrupted turn live on; its session waits");
  deps.metrics.count("process_survivors_total", {}, count);
  const incident = deps.alerts?.raise({
    code: "harness-survives",
    subject,
    agent: turn.agent,
    ...(turn.harness !== null && { harness: turn.harness }),
    summary: `${count} processes of an interrupted turn could not be ended (leader ${turn.custody?.pid ?? "unknown"}); the conversation waits until they are gone.`,
  });
  if (incident === undefined) return;
  const { address, quote } = targetOf(entries);
  await deps.store.addDelivery({
    id: deps.ids.delivery(),
    key: `held:${turn.session}:${incident}`,
    kind: "notice",
    address,
    body: { text: TEXTS.held(incident, false), format: "plain", ...(quote !== null && { quote }) },
    entry: entries[0].id,
    turn: null,
    part: 0,
    createdAt: deps.clock.now(),
  });
  deps.outbox.wake();
}

/** The turn's messages end first, later those that came after it, each past its own time. */
async function expire(deps: SurvivorDeps, { turn, entries }: Interrupted, max: number): Promise<void> {
  const now = deps.clock.now();
  const text = TEXTS.expired(max);
  await deps.store.endTurn(fenceOf(turn), {
    moves: entries.map(({ id, attempt }) => ({
      id,
      attempt,
      from: "running",
      to: "dead",
      event: "dead",
      data: { code: "harness-survives" },
    })),
    usesAttempt: false,
    deliveries: [endNotice(deps.ids, turn, { entries, entry: entries[0], text, at: now })],
    at: now,
  });
  const waiting = await deps.store.waiting(turn.session, LIMITS.waitingPerSession);
  for (const entry of waiting.filter(({ acceptedAt }) => now - acceptedAt >= max))
    await endOne(deps, entry, text);
  deps.outbox.wake();
}

async function endOne(deps: SurvivorDeps, entry: Entry, text: string): Promise<void> {
  if (entry.state !== "queued" && entry.state !== "held") return;
  const { address, quote } = targetOf([entry]);
  const move = { id: entry.id, attempt: entry.attempt, from: entry.state, to: "dead" } as const;
  const notice = {
    id: deps.ids.delivery(),
    key: `expired:${entry.id}`,
    kind: "notice" as const,
    address,
    body: { text, format: "plain" as const, ...(quote !== null && { quote }) },
    entry: entry.id,
    turn: null,
    part: 0,
    createdAt: deps.clock.now(),
  };
  await deps.store.move(
    [{ ...move, event: "hold-expired", data: { code: "harness-survives" } }],
    [notice],
    deps.clock.now(),
  );
}
