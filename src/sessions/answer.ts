import type { Entry } from "../core/entry.ts";
import type { DeliveryBody, NewDelivery } from "../core/delivery.ts";
import { LIMITS } from "../core/limits.ts";
import { formatModelRef } from "../core/model-ref.ts";
import type { Reply } from "../core/turn.ts";
import type { AttemptOutcome } from "./attempt.ts";
import { TEXTS } from "./texts.ts";
import { publishStates, targetOf, type TurnDeps } from "./turn-deps.ts";
import { fenceOf, lastEntry, subjectsOf, type Attempt, type TurnWork } from "./turn-work.ts";

type Final = Extract<AttemptOutcome, { kind: "final" }>;

/** Stores the answer with all its deliveries. False when the turn was moved on by somebody else. */
export function answerTurn(deps: TurnDeps, attempt: Attempt, final: Final): Promise<boolean> {
  const { agent, runner } = attempt;
  return storeAnswer(deps, attempt, {
    ...final,
    mark: fallbackMark(deps, attempt, final),
    agent: agent.id,
    harness: runner.harness.id,
  });
}

/** What a harness has answered, with what is said before it. */
export interface Answered extends Pick<Final, "text" | "files" | "usage" | "native" | "adopted"> {
  readonly mark: string;
  readonly agent: string;
  readonly harness: string;
}

/** What storing an answer works with. */
export type AnswerDeps = Pick<
  TurnDeps,
  "store" | "outbox" | "guard" | "clock" | "ids" | "log" | "metrics" | "events"
>;

/** The one way of an answer into the store, from a turn that ends or from a harness's own record. */
export async function storeAnswer(
  deps: AnswerDeps,
  work: Pick<TurnWork, "turn" | "entries" | "used">,
  final: Answered,
): Promise<boolean> {
  const said = final.text.trim() === "" ? TEXTS.noReply : final.text;
  const cut = final.text.length >= LIMITS.replyUnits ? TEXTS.cut : "";
  const reply: Reply = { text: final.mark + said + cut, files: final.files };
  const deliveries = await plannedOrShown(deps, work, reply);
  const stored = await deps.store.answer(fenceOf(work.turn), {
    reply,
    deliveries,
    nativeSession: final.native,
    usage: final.usage,
    at: deps.clock.now(),
    ...(final.adopted !== undefined && { adopted: final.adopted }),
    ...(work.used !== undefined && { tools: work.used.tools }),
  });
  if (!stored) return false;
  const { agent, harness, adopted } = final;
  if (final.usage?.usd !== undefined)
    deps.metrics.count("spend_usd_total", { agent, harness }, final.usage.usd);
  if (adopted !== undefined) {
    const { id: turn, session } = work.turn;
    deps.metrics.count("turns_adopted_total");
    deps.log.info("turn.adopted", { turn, session, harness, reason: adopted });
  }
  if (deliveries.length > 0 && deliveries.every((delivery) => delivery.shown === true)) {
    deps.outbox.shown(deliveries, await endedOf(deps, work.entries));
    return true;
  }
  publishStates(deps, work.entries, "answered");
  deps.outbox.wake();
  return true;
}

/** Where people read the store itself, the answer is sent with the write that stores it. */
async function plannedOrShown(
  deps: Parameters<typeof replyDeliveries>[0],
  work: Parameters<typeof replyDeliveries>[1],
  reply: Reply,
): Promise<readonly NewDelivery[]> {
  const planned = await replyDeliveries(deps, work, reply);
  if (!deps.outbox.readsStore(targetOf(work.entries).address)) return planned;
  return planned.map((delivery) => ({ ...delivery, shown: true }));
}

/** The messages that their answer ended. One alone was in it still, or the answer would not have been stored. */
async function endedOf(
  deps: Pick<AnswerDeps, "store">,
  entries: TurnWork["entries"],
): Promise<readonly Entry[]> {
  if (entries.length === 1) return [{ ...entries[0], state: "done" }];
  const now = await Promise.all(entries.map(({ id }) => deps.store.message(id)));
  return now.flatMap((stored) => (stored?.entry.state === "done" ? [stored.entry] : []));
}

/** The durable parts of a reply: part n+1 goes after part n. */
export async function replyDeliveries(
  deps: Pick<AnswerDeps, "guard" | "outbox" | "ids" | "clock">,
  work: Pick<TurnWork, "turn" | "entries">,
  reply: Reply,
): Promise<readonly NewDelivery[]> {
  const target = targetOf(work.entries);
  const parts = await deps.guard.run("plan", subjectsOf(work), () => deps.outbox.plan(reply, target));
  return parts.map((body: DeliveryBody, part) => ({
    id: deps.ids.delivery(),
    key: `reply:${work.turn.id}:${part}`,
    kind: "reply",
    address: target.address,
    body,
    entry: lastEntry(work).id,
    turn: work.turn.id,
    part,
    createdAt: deps.clock.now(),
  }));
}

/** Sessions whose last told outage is remembered; beyond it all are told anew. */
const TOLD_LIMIT = 10_000;

/** Says once per outage of the primary that another model answers. */
function fallbackMark(deps: TurnDeps, attempt: Attempt, final: Final): string {
  if (attempt.runner.primary) return "";
  const outage = deps.availability.of(attempt.agent.id, attempt.generation)[0]?.since ?? 0;
  const told = deps.outagesTold;
  if (told.get(attempt.turn.session) === outage) return "";
  if (told.size >= TOLD_LIMIT) told.clear();
  told.set(attempt.turn.session, outage);
  const model = formatModelRef(attempt.runner.candidate);
  return `${final.blank ? TEXTS.fallbackBlank(model) : TEXTS.fallback(model)}\n\n`;
}
