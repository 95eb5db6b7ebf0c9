import { formatAddress } from "../core/address.ts";
import type { NewDelivery } from "../core/delivery.ts";
import { entryStep, type Entry, type EntryState } from "../core/entry.ts";
import { RollcallError } from "../core/errors.ts";
import type { MessageId } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Actor, Operate } from "../ports/operate.ts";
import type { MoveFacts } from "../ports/store.ts";
import { mustTell } from "./end-notice.ts";
import { noticeTo } from "./hold-notices.ts";
import type { OperateDeps } from "./operate-deps.ts";
import { release, releaseHeld } from "./release.ts";
import { planRerun, rerun } from "./rerun.ts";
import { retryDead } from "./retry-dead.ts";
import { TEXTS } from "./texts.ts";
import { publishStates } from "./turn-deps.ts";
import { turnMates } from "./turn-mates.ts";

/** What an operator or a chat command can do with messages, over the store and the lanes. */
export function createOperate(deps: OperateDeps): Operate {
  return {
    cancel: (id, by) => cancel(deps, id, by),
    retry: (id, by) => retry(deps, id, by),
    retryDead: (agent, by) => retryDead(deps, agent, by),
    release: (id, by) => release(deps, id, by),
    releaseHeld: (agent, by) => releaseHeld(deps, agent, by),
    rerun: (id, agent, by) => rerun(deps, id, agent, by),
    planRerun: (id, agent) => planRerun(deps, id, agent),
    async stopSession(session, by) {
      const stopped = deps.lanes.stop(session, by) ? 1 : 0;
      const waiting = await deps.store.waiting(session, LIMITS.waitingPerSession);
      const cancelled = await Promise.all(
        waiting.map((entry) => step(deps, entry, cancelling(deps, entry, by))),
      );
      return stopped + cancelled.filter((entry) => entry !== null).length;
    },
    resetSession: (session) => deps.store.resetSession(session, deps.clock.now()),
    async notify(to, text, key) {
      if (!deps.reachable(to)) throw new RollcallError("address-unknown", { detail: formatAddress(to) });
      const id = deps.ids.delivery();
      const body = { text, format: "plain" as const };
      const delivery = await deps.store.addDelivery({
        id,
        key: `notify:${key ?? id}`,
        kind: "notice",
        address: to,
        body,
        entry: null,
        turn: null,
        part: 0,
        createdAt: deps.clock.now(),
      });
      deps.outbox.wake();
      return delivery;
    },
    async decidePairing(code, to) {
      const now = deps.clock.now();
      const row = await deps.store.decidePairing(code.toUpperCase(), to, now, now - LIMITS.pairingCodeAge);
      if (row === null)
        throw new RollcallError("no-such-id", { detail: "there is no open pairing code like this" });
      deps.log.info("pairing.decided", {
        channel: row.channel,
        account: row.account,
        sender: row.sender.id,
        to,
      });
    },
  };
}

async function find(deps: OperateDeps, id: MessageId): Promise<Entry> {
  const message = await deps.store.message(id);
  if (message === null) throw new RollcallError("no-such-id", { detail: id });
  return message.entry;
}

interface Target extends Pick<MoveFacts, "event" | "notBefore" | "leaveTurn"> {
  readonly to: EntryState;
  readonly by?: Actor | undefined;
  readonly notices?: readonly NewDelivery[];
}

/** Null when the message, or one that goes with it, moved on meanwhile, or can't make this step at all. */
async function step(
  deps: OperateDeps,
  entry: Entry,
  { to, by, notices = [], ...facts }: Target,
  together: readonly Entry[] = [entry],
): Promise<Entry | null> {
  const moves = together.flatMap(({ id, attempt, state }) => {
    const legal = entryStep(state, to);
    const data = by === undefined ? {} : { data: { by: by.name } };
    // That it failed is no longer so, if nobody was told yet.
    const withdraw = to === "queued";
    return legal === null ? [] : [{ id, attempt, ...legal, ...facts, ...data, withdraw }];
  });
  if (moves.length < together.length) return null;
  if (!(await deps.store.move(moves, notices, deps.clock.now()))) return null;
  if (notices.length > 0) deps.outbox.wake();
  publishStates(deps, together, to);
  deps.lanes.wake(entry.session);
  return { ...entry, state: to };
}

/** Whoever wrote the message is told, where somebody else cancels it. */
function cancelling(deps: OperateDeps, entry: Entry, by: Actor | undefined): Target {
  const target: Target = { to: "cancelled", event: "cancelled", by };
  if (!mustTell(entry, by)) return target;
  const text = TEXTS.stopped;
  return { ...target, notices: [noticeTo(deps, entry, text, `cancelled:${entry.id}`)] };
}

async function cancel(deps: OperateDeps, id: MessageId, by?: Actor): Promise<Entry> {
  const entry = await find(deps, id);
  if (entry.state === "running") {
    deps.lanes.stop(entry.session, by);
    return entry;
  }
  const cancellable = entry.state === "queued" || entry.state === "held" || entry.state === "quarantined";
  const moved = cancellable ? await step(deps, entry, cancelling(deps, entry, by)) : null;
  return moved ?? refuse(entry);
}

async function retry(deps: OperateDeps, id: MessageId, by?: Actor): Promise<Entry> {
  const entry = await find(deps, id);
  if (entry.state === "held" && entry.hold?.code === "hold-stale") return release(deps, id, by);
  const asked = entry.state === "held" && entry.hold?.code === "turn-interrupted";
  const retryable = asked || entry.state === "dead" || entry.state === "quarantined";
  const notBefore = deps.clock.now();
  const target = { to: "queued", event: "retried", notBefore, leaveTurn: !asked, by } as const;
  const mates = await turnMates(deps.store, entry);
  return (retryable ? await step(deps, entry, target, mates) : null) ?? refuse(entry);
}

function refuse(entry: Entry): never {
  throw new RollcallError("state-conflict", { detail: `message ${entry.id} is ${entry.state}` });
}
