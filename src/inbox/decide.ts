import type { Address } from "../core/address.ts";
import { parseChatCommand } from "../core/chat-commands.ts";
import type { AccessConfig } from "../core/config.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { MessageBody, Role } from "../core/message.ts";
import type { Clock } from "../ports/clock.ts";
import type { Decided, InboundBatch, InboundMessage } from "../ports/intake.ts";
import type { Random } from "../ports/random.ts";
import type { Roster } from "../ports/roster.ts";
import type { AccessStore, InboxStore } from "../ports/store.ts";
import { noticeOf, tooMany } from "./notice.ts";
import type { Routing, RouteRules } from "./routing.ts";
import { decideUnreadable } from "./unreadable.ts";

export interface DecideDeps {
  readonly store: InboxStore & AccessStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly roster: Roster;
  readonly routing: Routing;
  /** What an unknown sender is told, with the code. */
  readonly pairingText: (code: string, sender: string) => string;
}

/**
 * Decides about each item of a batch: entry, ignored, refused or moved. Reads only, and by the rules of one
 * generation: of who knocks at a reload, nobody is admitted by the old one and led by the new one.
 */
export function createDecide(deps: DecideDeps): (batch: InboundBatch, index: number) => Promise<Decided> {
  return async (batch, index) => {
    const item = batch.items[index];
    if (item === undefined || item.kind === "ignored")
      return { kind: "ignored", reason: item?.reason ?? "nothing" };
    if (item.kind === "moved") return item;
    const generation = deps.roster.current();
    const access = generation.access(batch.channel, batch.account);
    const { bindings, owners } = generation.config;
    const rules = { ...generation, access, bindings, owners };
    if (item.kind === "unreadable") return decideUnreadable(deps, batch, item, rules);
    if (item.role !== undefined) return decideAdmitted(deps, item, item.role, rules, item.address);
    if (access === undefined) return { kind: "ignored", reason: "the channel admits nobody" };
    const { channel, account } = item.address;
    const paired = await deps.store.isPaired(channel, account, item.sender.id);
    const configured = await configuredAddress(deps, item, access);
    const knock = {
      address: configured,
      senderId: item.sender.id,
      chat: item.body.chat.kind,
      addressed: item.addressed,
    };
    const admission = deps.routing.admit(knock, { access, owners, paired });
    switch (admission.kind) {
      case "admitted":
        return decideAdmitted(deps, item, admission.role, rules, configured);
      case "pairing":
        return decidePairing(deps, item);
      case "ignored":
        return admission.remember
          ? remembered(item, admission.reason)
          : { kind: "ignored", reason: admission.reason };
    }
  };
}

/** Where the configuration still names a group by an id that it had before, that name goes on to count. */
async function configuredAddress(
  deps: DecideDeps,
  item: InboundMessage,
  access: AccessConfig,
): Promise<Address> {
  const { address } = item;
  if (item.body.chat.kind === "direct" || access.groups[address.conversation] !== undefined) return address;
  const former = await deps.store.formerConversations(address);
  const known = former.find((conversation) => access.groups[conversation] !== undefined);
  return known === undefined ? address : { ...address, conversation: known };
}

function remembered(item: InboundMessage, reason: string): Decided {
  const line = {
    author: item.sender.name,
    text: item.body.text.slice(0, LIMITS.groupTalkUnits),
    at: item.body.sentAt,
  };
  return { kind: "ignored", reason, groupLine: { address: item.address, line } };
}

async function decideAdmitted(
  deps: DecideDeps,
  item: InboundMessage,
  role: Role,
  rules: RouteRules,
  configured: Address,
): Promise<Decided> {
  const fault = faultOf(item.body);
  if (fault !== undefined) return { kind: "refused", code: fault, ...noticeOf(deps, item, REFUSALS[fault]) };
  const route = deps.routing.route(
    {
      address: item.address,
      senderId: item.sender.id,
      chat: item.body.chat.kind,
      configured,
      ...(item.body.canary === true && { apart: true }),
      ...(item.agent !== undefined && { named: item.agent }),
    },
    rules,
  );
  if (route === undefined) return { kind: "refused", code: "agent-unknown" };
  const control = item.body.attachments.length === 0 && parseChatCommand(item.body.text, role) !== undefined;
  const now = deps.clock.now();
  const talk = item.body.chat.kind === "group" ? await recentTalk(deps, item.address) : [];
  return {
    kind: "entry",
    waitingLimit: LIMITS.waitingPerSession,
    ...tooMany(deps, item, route.session),
    entry: {
      id: deps.ids.message(),
      kind: control ? "control" : "message",
      address: item.address,
      dedupeKey: item.dedupeKey,
      clientId: item.clientId ?? null,
      sender: item.sender,
      role,
      ...route,
      body: talk.length === 0 ? item.body : { ...item.body, groupTalk: talk },
      acceptedAt: now,
      notBefore: now,
      replayOf: null,
    },
  };
}

async function recentTalk(
  deps: DecideDeps,
  address: Address,
): Promise<NonNullable<MessageBody["groupTalk"]>> {
  const lines = await deps.store.groupTalk(address, LIMITS.groupTalkLines);
  let room: number = LIMITS.groupTalkUnits;
  return lines
    .toReversed()
    .filter((line) => (room -= line.text.length) >= 0)
    .toReversed();
}

function faultOf(body: MessageBody): keyof typeof REFUSALS | undefined {
  if (body.text.trim() === "" && body.attachments.length === 0) return "message-empty";
  if (body.text.length > LIMITS.textUnits) return "message-too-long";
  return body.attachments.length > LIMITS.attachmentsPerMessage ? "attachment-refused" : undefined;
}

const REFUSALS = {
  "message-empty": "There was nothing to read in this message.",
  "message-too-long": "This message is too long to pass on. Send it as a file, or in parts.",
  "attachment-refused": "There are too many files in this message. Send fewer at once.",
} as const satisfies Partial<Record<ErrorCode, string>>;

async function decidePairing(deps: DecideDeps, item: InboundMessage): Promise<Decided> {
  const { channel, account } = item.address;
  const now = deps.clock.now();
  const open = await deps.store.openPairing(channel, account, item.sender.id, now - LIMITS.pairingCodeAge);
  const code = open?.code ?? pairingCode(deps.random);
  return {
    kind: "refused",
    code: "sender-refused",
    ...noticeOf(deps, item, deps.pairingText(code, item.sender.id)),
    ...(open === null && { pairing: { code, channel, account, sender: item.sender, at: now } }),
  };
}

const CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const CODE_LENGTH = 8;

/** Forty random bits in letters that people don't mix up. */
function pairingCode(random: Random): string {
  const bytes = Buffer.from(random.secret(CODE_LENGTH), "base64url");
  return Array.from(bytes.subarray(0, CODE_LENGTH), (byte) => CODE_LETTERS[byte % CODE_LETTERS.length]).join(
    "",
  );
}
