import { createHash } from "node:crypto";
import type { MessageId } from "../../core/ids.ts";
import type { Tx } from "./context.ts";

/** 96 bits: two keys with the same digest don't happen. */
const DIGEST_LETTERS = 16;

function digestOf(channel: string, account: string, key: string): string {
  return createHash("sha256")
    .update(JSON.stringify([channel, account, key]))
    .digest("base64url")
    .slice(0, DIGEST_LETTERS);
}

/** Which message that was cleared away came under this key; undefined when none is known. */
export function clearedId(
  { db }: Pick<Tx, "db">,
  channel: string,
  account: string,
  key: string,
): MessageId | undefined {
  const sql = "SELECT id FROM cleared_keys WHERE digest = ?";
  return db.get<{ id: MessageId }>(sql, digestOf(channel, account, key))?.id;
}

/** Remembers the key of a message whose row goes. */
export function keepKey(
  { db }: Tx,
  message: {
    readonly id: MessageId;
    readonly channel: string;
    readonly account: string;
    readonly dedupe_key: string;
  },
  at: number,
): void {
  db.run(
    "INSERT OR REPLACE INTO cleared_keys (digest, id, at) VALUES (?, ?, ?)",
    digestOf(message.channel, message.account, message.dedupe_key),
    message.id,
    at,
  );
}
