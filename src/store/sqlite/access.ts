import { LIMITS } from "../../core/limits.ts";
import type { Sender } from "../../core/message.ts";
import type { NewPairing } from "../../ports/intake.ts";
import type { AccessStore, PairingRow, TokenRow } from "../../ports/store.ts";
import { LOST } from "./committer.ts";
import type { StoreContext, Tx } from "./context.ts";

interface Row {
  readonly n: number;
  readonly code: string;
  readonly channel: string;
  readonly account: string;
  readonly sender_id: string;
  readonly sender: string;
  readonly at: number;
  readonly state: PairingRow["state"];
}

function pairingOf({ code, channel, account, sender, at, state }: Row): PairingRow {
  return { code, channel, account, sender: JSON.parse(sender) as Sender, at, state };
}

/** Stores a code as open. Of one account only the newest codes stay open, and none past its age. */
export function rememberPairing({ db }: Tx, { code, channel, account, sender, at }: NewPairing): void {
  db.run(
    "DELETE FROM pairings WHERE channel = ? AND account = ? AND state = 'open' AND at < ?",
    channel,
    account,
    at - LIMITS.pairingCodeAge,
  );
  db.run(
    "INSERT INTO pairings (code, channel, account, sender_id, sender, at, state) VALUES (?, ?, ?, ?, ?, ?, 'open')",
    code,
    channel,
    account,
    sender.id,
    JSON.stringify(sender),
    at,
  );
  db.run(
    `DELETE FROM pairings WHERE channel = ?1 AND account = ?2 AND state = 'open' AND n <=
       (SELECT n FROM pairings WHERE channel = ?1 AND account = ?2 AND state = 'open' ORDER BY n DESC LIMIT 1 OFFSET ?3)`,
    channel,
    account,
    LIMITS.pairingCodesOpen,
  );
}

type PairingPart = Omit<AccessStore, "tokens" | "addToken" | "tokenByHash" | "revokeToken">;

export function createPairings({ db, committer }: StoreContext): PairingPart {
  return {
    async isPaired(channel, account, senderId) {
      const found = db.get(
        "SELECT 1 AS found FROM pairings WHERE channel = ? AND account = ? AND sender_id = ? AND state = 'approved'",
        channel,
        account,
        senderId,
      );
      return found !== undefined;
    },
    async openPairing(channel, account, senderId, notBefore) {
      const row = db.get<Row>(
        `SELECT * FROM pairings WHERE channel = ? AND account = ? AND sender_id = ? AND state = 'open' AND at >= ?
         ORDER BY n DESC`,
        channel,
        account,
        senderId,
        notBefore,
      );
      return row === undefined ? null : pairingOf(row);
    },
    async pairings() {
      return db.all<Row>("SELECT * FROM pairings ORDER BY n").map(pairingOf);
    },
    decidePairing: (code, to, at, notBefore) =>
      committer.write(() => {
        const row = db.get<Row>(
          "SELECT * FROM pairings WHERE code = ? AND state = 'open' AND at >= ? ORDER BY n DESC",
          code,
          notBefore,
        );
        if (row === undefined) throw LOST;
        // One row per decided sender: what was asked or decided before is settled by this.
        db.run(
          "DELETE FROM pairings WHERE channel = ? AND account = ? AND sender_id = ? AND n <> ?",
          row.channel,
          row.account,
          row.sender_id,
          row.n,
        );
        db.run("UPDATE pairings SET state = ?, decided_at = ? WHERE n = ?", to, at, row.n);
        return pairingOf({ ...row, state: to });
      }, null),
    revokePairing: (channel, account, senderId, at) =>
      committer.write(() => {
        const changed = db.run(
          `UPDATE pairings SET state = 'revoked', decided_at = ?
           WHERE channel = ? AND account = ? AND sender_id = ? AND state = 'approved'`,
          at,
          channel,
          account,
          senderId,
        );
        if (changed === 0) throw LOST;
        return true;
      }, false),
  };
}

interface StoredToken {
  readonly id: string;
  readonly name: string;
  readonly created_at: number;
}

const tokenOf = ({ id, name, created_at }: StoredToken): TokenRow => ({ id, name, createdAt: created_at });

export function createTokens({ db, committer }: StoreContext): Omit<AccessStore, keyof PairingPart> {
  return {
    async tokens() {
      return db
        .all<StoredToken>("SELECT id, name, created_at FROM tokens ORDER BY created_at, id")
        .map(tokenOf);
    },
    addToken: ({ id, name, createdAt, hash }) =>
      committer.write(() => {
        db.run(
          "INSERT INTO tokens (id, name, created_at, hash) VALUES (?, ?, ?, ?)",
          id,
          name,
          createdAt,
          hash,
        );
      }),
    async tokenByHash(hash) {
      const row = db.get<StoredToken>("SELECT id, name, created_at FROM tokens WHERE hash = ?", hash);
      return row === undefined ? null : tokenOf(row);
    },
    revokeToken: (id) =>
      committer.write(() => {
        if (db.run("DELETE FROM tokens WHERE id = ?", id) === 0) throw LOST;
        return true;
      }, false),
  };
}
