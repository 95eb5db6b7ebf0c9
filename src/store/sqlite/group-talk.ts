import { formatAddress, type Address } from "../../core/address.ts";
import type { GroupLine } from "../../core/message.ts";
import type { Tx } from "./context.ts";

/** Lines kept per conversation and thread; older ones go. */
const KEPT_LINES = 50;

/** Keeps a line that was not meant for the bot, and drops the oldest beyond {@link KEPT_LINES}. */
export function rememberLine({ db }: Tx, address: Address, { author, text, at }: GroupLine): void {
  const place = formatAddress(address);
  db.run("INSERT INTO group_talk (address, author, text, at) VALUES (?, ?, ?, ?)", place, author, text, at);
  db.run(
    `DELETE FROM group_talk WHERE address = ?1 AND n <=
       (SELECT n FROM group_talk WHERE address = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2)`,
    place,
    KEPT_LINES,
  );
}

/** The newest `limit` lines, oldest first. */
export function recentLines({ db }: Pick<Tx, "db">, address: Address, limit: number): readonly GroupLine[] {
  return db
    .all<{ author: string; text: string; at: number }>(
      "SELECT author, text, at FROM group_talk WHERE address = ? ORDER BY n DESC LIMIT ?",
      formatAddress(address),
      limit,
    )
    .toReversed()
    .map(({ author, text, at }) => ({ author, text, at }));
}
