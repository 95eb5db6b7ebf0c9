import type { Damage } from "../../ports/integrity.ts";
import type { ChannelStore } from "../../ports/store.ts";
import type { StoreContext } from "./context.ts";
import { sealOf } from "./seals.ts";

export interface CursorRow {
  readonly channel: string;
  readonly account: string;
  readonly identity: string;
  readonly value: string;
  readonly at: number;
  readonly seal: string;
}

/** Whether a cursor is as it was written. */
export function cursorHolds({ channel, account, identity, value, at, seal }: CursorRow): boolean {
  return seal === sealOf([channel, account, identity, value, at]);
}

export function cursorDamage({ channel, account }: CursorRow): Damage {
  const detail = "the row isn't the one that was written";
  return { part: "cursor", id: `${channel}/${account}`, detail, setAside: true };
}

export function createNotes({ db, committer, damages }: StoreContext): ChannelStore {
  return {
    async cursor(channel, account, identity) {
      const row = db.get<CursorRow>(
        "SELECT * FROM cursors WHERE channel = ? AND account = ? AND identity = ?",
        channel,
        account,
        identity,
      );
      if (row === undefined) return null;
      if (cursorHolds(row)) return { value: row.value, at: row.at };
      // What came before it is known by its keys: beginning anew is safe, a wrong place isn't.
      damages.report(cursorDamage(row));
      return null;
    },
    async note(key) {
      return db.get<{ value: string }>("SELECT value FROM notes WHERE key = ?", key)?.value ?? null;
    },
    setNote: (key, value) =>
      committer.write(() => {
        if (value === null) db.run("DELETE FROM notes WHERE key = ?", key);
        else db.run("INSERT OR REPLACE INTO notes (key, value) VALUES (?, ?)", key, value);
      }),
  };
}
