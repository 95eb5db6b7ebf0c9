import { formatAddress, type Address } from "../core/address.ts";
import type { Delivery, NewDelivery } from "../core/delivery.ts";
import { toRollcallError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import type { ChatDoor, Receipt } from "../ports/alert-route.ts";
import type { Channel } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { OutboxStore } from "../ports/store.ts";

/** How often the store is asked whether the outbox has sent an alert. */
const LOOK_EVERY = 50;

export interface ChatDoorDeps {
  readonly channel: (address: Address) => Channel | undefined;
  readonly ids: Pick<Ids, "delivery">;
  readonly clock: Clock;
  /** The durable way; null when there is no store, as in a start that failed. */
  readonly outbox:
    | (Pick<OutboxStore, "addDelivery" | "delivery"> & {
        /** There is a new delivery in the store. */
        wake(): void;
      })
    | null;
}

/**
 * Alerts to chats go through the outbox as deliveries. Where the store can't take one, the alert is sent at once: the
 * spool has kept it, and whoever reads it twice has lost nothing.
 */
export function createChatDoor(deps: ChatDoorDeps): ChatDoor {
  return {
    problem(address) {
      const name = `${address.channel}/${address.account}`;
      const channel = deps.channel(address);
      if (channel === undefined) return `${name} is not opened`;
      if (deps.outbox === null) return null;
      const { status } = channel.state();
      return status === "connected" ? null : `${name} is ${status}`;
    },
    async send(address, text, key, signal) {
      const delivery = deliveryOf(deps, address, text, key);
      const { outbox } = deps;
      if (outbox === null) return sendNow(deps, delivery, signal);
      try {
        await outbox.addDelivery(delivery);
      } catch (error) {
        const { code } = toRollcallError(error);
        if (code !== "store-full" && code !== "store-io") throw error;
        return sendNow(deps, delivery, signal);
      }
      outbox.wake();
      return sentBy(deps, outbox, key, signal);
    },
  };
}

function deliveryOf(deps: ChatDoorDeps, address: Address, text: string, key: string): NewDelivery {
  return {
    id: deps.ids.delivery(),
    key,
    kind: "alert",
    address,
    body: { text, format: "plain" },
    entry: null,
    turn: null,
    part: 0,
    createdAt: deps.clock.now(),
  };
}

/** Waits for the outbox. What it hasn't sent by the deadline it may still send later, once. */
async function sentBy(
  { clock }: ChatDoorDeps,
  outbox: NonNullable<ChatDoorDeps["outbox"]>,
  key: string,
  signal: AbortSignal,
): Promise<Receipt> {
  while (!signal.aborted) {
    const delivery = await outbox.delivery(key);
    if (delivery === null) return { ok: false, detail: "it is not in the outbox any more" };
    if (delivery.state === "sent") return { ok: true, detail: `sent to ${formatAddress(delivery.address)}` };
    if (delivery.state === "dead") return { ok: false, detail: "the platform refused it" };
    await clock.sleep(LOOK_EVERY, signal);
  }
  return { ok: false, detail: "the outbox has not sent it yet" };
}

async function sendNow(deps: ChatDoorDeps, fresh: NewDelivery, signal: AbortSignal): Promise<Receipt> {
  const channel = deps.channel(fresh.address);
  if (channel === undefined) return { ok: false, detail: "its channel is not opened" };
  const delivery: Delivery = {
    ...fresh,
    seq: 0,
    state: "sending",
    attempts: 1,
    inDoubt: false,
    notBefore: fresh.createdAt,
    platformId: null,
  };
  const outcome = await channel.send({ delivery, replaces: null, repeat: false, last: true }, signal);
  if (outcome.kind === "sent") return { ok: true, detail: `sent to ${formatAddress(fresh.address)}` };
  return { ok: false, detail: "detail" in outcome ? outcome.detail : "the platform makes us wait" };
}
