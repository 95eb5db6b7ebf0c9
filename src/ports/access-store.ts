import type { Instant } from "../core/time.ts";
import type { NewPairing } from "./intake.ts";

/** A request to be admitted, and what became of it. */
export interface PairingRow extends NewPairing {
  readonly state: "open" | "approved" | "denied" | "revoked";
}

/** A token of the API, without its secret. */
export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Instant;
}

/** Who is admitted: paired senders and tokens of the API. */
export interface AccessStore {
  /** Whether a pairing of this sender is approved. */
  isPaired(channel: string, account: string, senderId: string): Promise<boolean>;
  /** The open code of a sender, so that asking again gives the same one. */
  openPairing(
    channel: string,
    account: string,
    senderId: string,
    notBefore: Instant,
  ): Promise<PairingRow | null>;
  pairings(): Promise<readonly PairingRow[]>;
  /** Decides an open code, newest rule wins; null when there is no open code like this. */
  decidePairing(
    code: string,
    to: "approved" | "denied",
    at: Instant,
    notBefore: Instant,
  ): Promise<PairingRow | null>;
  /** Takes back the pairing of `channel/account/sender`; false when there was none. */
  revokePairing(channel: string, account: string, senderId: string, at: Instant): Promise<boolean>;
  tokens(): Promise<readonly TokenRow[]>;
  addToken(token: TokenRow & { readonly hash: string }): Promise<void>;
  /** The token with this hash (SHA-256, hex), or null. */
  tokenByHash(hash: string): Promise<TokenRow | null>;
  revokeToken(id: string): Promise<boolean>;
}
