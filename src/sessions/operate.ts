import { formatAddress } from "../core/address.ts";
import { entryStep, type Entry, type EntryState } from "../core/entry.ts";
import { RollcallError } from "../core/errors.ts";
import type { MessageId } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Operate } from "../ports/operate.ts";
import type { MoveFacts } from "../ports/store.ts";
import type { OperateDeps } from "./operate-deps.ts";
import { release, releaseHeld } from "./release.ts";
import { publishStates } from "./turn-deps.ts";
import { turnMates } from "./turn-mates.ts";

/** What an operator or a chat command can do with messages, over the store and the lanes. */
export function createOperate(deps: OperateDeps): Operate {
  return {
    cancel: (id) => cancel(deps, id),
    retry: (id) => retry(deps, id),
    release: (id) => release(deps, id),
    releaseHeld: (agent) => releaseHeld(deps, agent),
    rerun: (id, agent) => rerun(deps, id, agent),
    async stopSession(session) {
      const stopped = deps.lanes.stop(session) ? 1 : 0;
      const waiting = await deps.store.waiting(session, LIMITS.waitingPerSession);
      const cancelled = await Promise.all(
        waiting.map((entry) => step(deps, entry, { to: "cancelled", event: "cancelled" })),
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

type Target = Pick<MoveFacts, "event" | "notBefore" | "leaveTurn"> & { readonly to: EntryState };

/** Null when the message, or one that goes with it, moved on meanwhile, or can't make this step at all. */
async function step(
  deps: OperateDeps,
  entry: Entry,
  { to, ...facts }: Target,
  together: readonly Entry[] = [entry],
): Promise<Entry | null> {
  const moves = together.flatMap(({ id, attempt, state }) => {
    const legal = entryStep(state, to);
    return legal === null ? [] : [{ id, attempt, ...legal, ...facts }];
  });
  if (moves.length < together.length) return null;
  if (!(await deps.store.move(moves, [], deps.clock.now()))) return null;
  publishStates(deps, together, to);
  deps.lanes.wake(entry.session);
  return { ...entry, state: to };
}

async function cancel(deps: OperateDeps, id: MessageId): Promise<Entry> {
  const entry = await find(deps, id);
  if (entry.state === "running") {
    deps.lanes.stop(entry.session);
    return entry;
  }
  const cancellable = entry.state === "queued" || entry.state === "held" || entry.state === "quarantined";
  const moved = cancellable ? await step(deps, entry, { to: "cancelled", event: "cancelled" }) : null;
  return moved ?? refuse(entry);
}

async function retry(deps: OperateDeps, id: MessageId): Promise<Entry> {
  const entry = await find(deps, id);
  if (entry.state === "held" && entry.hold?.code === "hold-stale") return release(deps, id);
  const asked = entry.state === "held" && entry.hold?.code === "turn-interrupted";
  const retryable = asked || entry.state === "dead" || entry.state === "quarantined";
  const target = { to: "queued", event: "retried", notBefore: deps.clock.now(), leaveTurn: !asked } as const;
  const mates = await turnMates(deps.store, entry);
  return (retryable ? await step(deps, entry, target, mates) : null) ?? refuse(entry);
}

function refuse(entry: Entry): never {
  throw new RollcallError("state-conflict", { detail: `message ${entry.id} is ${entry.state}` });
}

const ENDED: readonly Entry["state"][] = ["done", "cancelled", "dead"];

async function rerun(deps: OperateDeps, id: MessageId, agent: string | null): Promise<Entry> {
  const entry = await find(deps, id);
  if (!ENDED.includes(entry.state)) refuse(entry);
  const generation = deps.roster.current();
  const to = agent ?? entry.agent;
  if (!generation.agents.has(to)) throw new RollcallError("agent-unknown", { detail: to });
  const now = deps.clock.now();
  const fresh = deps.ids.message();
  const session =
    to === entry.agent
      ? entry.session
      : (entry.session.replace(/^agent:[^:]+/, `agent:${encodeURIComponent(to)}`) as Entry["session"]);
  const { channel, account } = entry.address;
  const [result] = await deps.store.accept({
    channel,
    account,
    items: [
      {
        kind: "entry",
        waitingLimit: LIMITS.waitingPerSession,
        entry: {
          ...entry,
          id: fresh,
          dedupeKey: `rerun:${id}:${fresh}`,
          clientId: null,
          agent: to,
          session,
          acceptedAt: now,
          notBefore: now,
          replayOf: id,
        },
      },
    ],
  });
  if (result?.outcome !== "accepted")
    throw new RollcallError(result?.outcome === "refused" ? result.code : "state-conflict");
  deps.lanes.wake(session);
  return result.entry;
}
