import { encodePart, type Address } from "../core/address.ts";
import type { AccessConfig } from "../core/config.ts";
import type { ChatKind, Role } from "../core/message.ts";

/** What is known of a message when the door decides about it. */
export interface Knock {
  readonly address: Address;
  readonly senderId: string;
  readonly chat: ChatKind;
  /** In a group: whether the bot is meant. */
  readonly addressed: boolean;
}

export interface AccessFacts {
  readonly access: AccessConfig;
  /** Addresses of the owners, as the configuration writes them. */
  readonly owners: readonly string[];
  readonly paired: boolean;
}

export type Admission =
  | { readonly kind: "admitted"; readonly role: Role }
  /** Nobody is told; `remember` keeps the line as talk of the group. */
  | { readonly kind: "ignored"; readonly reason: string; readonly remember: boolean }
  /** The sender may ask to be admitted. */
  | { readonly kind: "pairing" };

/** Who may write to an agent: by the platform's ids alone, never by names. Pure. */
export function admit(knock: Knock, facts: AccessFacts): Admission {
  const { channel, account } = knock.address;
  const owner = facts.owners.includes([channel, account, knock.senderId].map(encodePart).join("/"));
  return knock.chat === "direct" ? admitDirect(knock, facts, owner) : admitGroup(knock, facts, owner);
}

function admitDirect(knock: Knock, facts: AccessFacts, owner: boolean): Admission {
  const { policy, allow } = facts.access.direct;
  if (owner) return { kind: "admitted", role: "owner" };
  if (policy === "off") return ignored("direct chats are off");
  const listed = allow.includes(knock.senderId);
  if (policy === "open" && (listed || allow.length === 0 || allow.includes("*"))) return paired;
  if (listed || (policy === "pairing" && facts.paired)) return paired;
  return policy === "pairing" ? { kind: "pairing" } : ignored("the sender is not on the allow list");
}

function admitGroup(knock: Knock, facts: AccessFacts, owner: boolean): Admission {
  const group = facts.access.groups[knock.address.conversation];
  if (group === undefined) return ignored("the group is not listed");
  const listed = owner || group.senders.includes("*") || group.senders.includes(knock.senderId);
  if (!listed) return ignored("the sender is not on the group's list");
  if (group.mention && !knock.addressed)
    return { kind: "ignored", reason: "the bot is not meant", remember: true };
  return owner ? { kind: "admitted", role: "owner" } : paired;
}

const paired: Admission = { kind: "admitted", role: "paired" };
const ignored = (reason: string): Admission => ({ kind: "ignored", reason, remember: false });
