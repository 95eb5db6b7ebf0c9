/** What a store says of itself, before anything is put in its place. */
export interface StoreAge {
  readonly identity: string | null;
  readonly epoch: number;
  readonly commit: number;
  /** Messages that were ever accepted. */
  readonly accepted: number;
  readonly waiting: number;
}

/** What is there where a backup shall go. */
export type Existing =
  | { readonly kind: "none" }
  | { readonly kind: "store"; readonly store: StoreAge }
  /** A database that can't be read, or none beside its mark: with how far the mark says that it was. */
  | { readonly kind: "broken"; readonly mark: { readonly identity: string; readonly commit: number } | null };

/**
 * What would be lost by putting a backup in the place of what is there; null when nothing would. A store never goes
 * back without somebody's word. Pure.
 */
export function lossOf(existing: Existing, backup: StoreAge): string | null {
  if (existing.kind === "none") return null;
  if (existing.kind === "broken") return lossOfBroken(existing.mark, backup);
  const { store } = existing;
  if (store.identity === backup.identity) {
    if (store.commit <= backup.commit) return null;
    const lost = Math.max(0, store.accepted - backup.accepted);
    return `${messages(lost)} came after the backup, and ${store.waiting} wait in the store (commit ${store.commit}, the backup has ${backup.commit})`;
  }
  if (store.accepted === 0) return null;
  return `the store that is there isn't the one that was backed up, and has ${messages(store.accepted)}, of which ${store.waiting} wait`;
}

function lossOfBroken(
  mark: { readonly identity: string; readonly commit: number } | null,
  backup: StoreAge,
): string | null {
  if (mark === null) return "the store that is there can't be read, and nobody knows how far it was";
  if (mark.identity === backup.identity && mark.commit <= backup.commit) return null;
  if (mark.identity !== backup.identity)
    return `the store that was there isn't the one that was backed up; its mark says commit ${mark.commit}`;
  return `the store was at commit ${mark.commit}, and the backup has ${backup.commit}`;
}

function messages(n: number): string {
  return n === 1 ? "1 message" : `${n} messages`;
}
