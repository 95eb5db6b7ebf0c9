import type { MarkState } from "./mark.ts";

/** What a database says of itself. */
export interface StoreFacts {
  /** Null in a store that has just been made. */
  readonly identity: string | null;
  readonly epoch: number;
  readonly commits: number;
  /** Whether it ever had a mark. */
  readonly marked: boolean;
}

/**
 * Why a database can't be trusted to hold everything that was confirmed; null when it can. It may be ahead of its mark:
 * a crash between the two leaves it so. Pure.
 */
export function markVerdict({ identity, commits, marked }: StoreFacts, mark: MarkState): string | null {
  if (mark === "missing") return marked ? "its mark is gone, so that nobody knows what is missing" : null;
  if (identity === null) return "the database is gone, and its mark is there";
  if (mark === "broken") return "its mark can't be read, so that nobody knows what is missing";
  if (mark.identity !== identity) return "the mark beside it belongs to another store";
  if (commits < mark.commit) return `its mark says ${mark.commit} commits, and the database has ${commits}`;
  return null;
}
