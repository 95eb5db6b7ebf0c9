import type { ChannelStore } from "../../ports/store.ts";
import type { StoreContext } from "./context.ts";

export function createNotes({ db, committer }: StoreContext): ChannelStore {
  return {
    async cursor(channel, account, identity) {
      const row = db.get<{ value: string; at: number }>(
        "SELECT value, at FROM cursors WHERE channel = ? AND account = ? AND identity = ?",
        channel,
        account,
        identity,
      );
      return row === undefined ? null : { value: row.value, at: row.at };
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
