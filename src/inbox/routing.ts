import type { Address } from "../core/address.ts";
import type { AccessConfig } from "../core/config.ts";
import type { SessionKey } from "../core/ids.ts";
import type { ChatKind, Role } from "../core/message.ts";
import type { Generation } from "../ports/roster.ts";

/** The router's decisions, given by the composition root: stages don't import each other. */
export interface Routing {
  admit(
    knock: { address: Address; senderId: string; chat: ChatKind; addressed: boolean },
    facts: { access: AccessConfig; owners: readonly string[]; paired: boolean },
  ):
    | { kind: "admitted"; role: Role }
    | { kind: "ignored"; reason: string; remember: boolean }
    | { kind: "pairing" };
  route(
    input: {
      address: Address;
      senderId: string;
      chat: ChatKind;
      named?: string;
      configured?: Address;
      apart?: boolean;
    },
    rules: RouteRules,
  ): { agent: string; session: SessionKey } | undefined;
}

/** What of a generation leads a message to its agent. */
export interface RouteRules extends Pick<Generation, "agents" | "firstAgent"> {
  readonly access: AccessConfig | undefined;
  readonly bindings: Generation["config"]["bindings"];
}
