import type { Ids } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Role, Sender } from "../core/message.ts";
import type { Clock } from "../ports/clock.ts";
import type { Decided, InboundBatch, InboundUnreadable } from "../ports/intake.ts";
import type { AccessStore } from "../ports/store.ts";
import type { Routing, RouteRules } from "./routing.ts";
import { noticeOf } from "./notice.ts";

export interface UnreadableDeps {
  readonly store: Pick<AccessStore, "isPaired">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly routing: Routing;
}

const NOBODY: Sender = { id: "unknown", name: "unknown" };
/** Where what has no place is shown. */
const NOWHERE = "unreadable";
const TOLD =
  "Your message couldn't be read here, so it was set aside. It is kept as it came, and the operator can see it.";

type Rules = RouteRules & { readonly owners: readonly string[] };

/** As whom the sender may write here; undefined for everybody else. */
async function admittedAs(
  { store, routing }: UnreadableDeps,
  { address, sender, chat }: NonNullable<InboundUnreadable["from"]>,
  { access, owners }: Rules,
): Promise<Role | undefined> {
  if (access === undefined) return undefined;
  const paired = await store.isPaired(address.channel, address.account, sender.id);
  const knock = { address, senderId: sender.id, chat, addressed: chat === "direct" };
  const admission = routing.admit(knock, { access, owners, paired });
  return admission.kind === "admitted" ? admission.role : undefined;
}

/**
 * What couldn't be read becomes a message in quarantine: counted, kept, shown and cleared like every other. Its sender is
 * told when that is somebody who may write here.
 */
export async function decideUnreadable(
  deps: UnreadableDeps,
  { channel, account }: InboundBatch,
  item: InboundUnreadable,
  rules: Rules,
): Promise<Decided> {
  const { address, sender, chat } = item.from ?? {
    address: { channel, account, conversation: NOWHERE },
    sender: NOBODY,
    chat: "direct" as const,
  };
  const admitted = item.from === null ? undefined : await admittedAs(deps, item.from, rules);
  const now = deps.clock.now();
  const route = deps.routing.route({ address, senderId: sender.id, chat, configured: address }, rules);
  if (route === undefined) return { kind: "refused", code: "agent-unknown" };
  const told = admitted === undefined ? {} : noticeOf(deps, { ...item, address, body: {} }, TOLD);
  return {
    kind: "entry",
    waitingLimit: LIMITS.waitingPerSession,
    unreadable: { reason: item.reason, ...told },
    entry: {
      id: deps.ids.message(),
      kind: "message",
      address,
      dedupeKey: item.dedupeKey,
      clientId: null,
      sender,
      role: admitted ?? "unknown",
      ...route,
      body: {
        text: `[a message that couldn't be read; as it came:]\n${item.raw}`,
        attachments: [],
        chat: { kind: chat },
        sentAt: now,
      },
      acceptedAt: now,
      notBefore: now,
      replayOf: null,
    },
  };
}
