/**
 * Every dedupe key once more, as a number in a tree of its own. That a message is new is believed only when both say
 * so: a page of the unique index that went bad would else let a message in twice, and no hash of a row would tell.
 *
 * Keeps: I2.
 */
import { hash } from "node:crypto";
import type { Tx } from "./context.ts";
import type { EntryRow } from "./rows.ts";

/** 52 bits, so that it is a safe integer: among a million keys two of the same are one in ten thousand. */
export function digestOf(channel: string, account: string, key: string): number {
  const text = hash("sha256", JSON.stringify([channel, account, key].map((part) => part.toWellFormed())));
  return Number.parseInt(text.slice(0, 13), 16);
}

/** The first of two keys with one digest keeps it. */
export function keepDigest({ db }: Tx, { digest, seq }: Pick<EntryRow, "digest" | "seq">): void {
  db.run("INSERT INTO digests (digest, seq) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING", digest, seq);
}

/** The entry that came under this digest, by its place; undefined when none did. */
export function seqOfDigest({ db }: Pick<Tx, "db">, digest: number): number | undefined {
  return db.get<{ seq: number }>("SELECT seq FROM digests WHERE digest = ?", digest)?.seq;
}
