import { markersWith } from "./process-tree.ts";

/**
 * Markers of one run: `OWNER.RUN.ID`. The owner is what can have only one run at a time, a state directory; so whatever
 * carries its name and not this run's belongs to a run that is over.
 */
export interface Markers {
  next(): string;
  /** Markers of the owner's earlier runs that some process carries now. */
  strays(): readonly string[];
}

/** @param owner letters, digits and `-` */
export function createMarkers(owner: string | undefined, uuid: () => string): Markers {
  if (owner === undefined) return { next: uuid, strays: () => [] };
  const run = `${owner}.${uuid().slice(0, 8)}.`;
  return {
    next: () => run + uuid(),
    strays: () => markersWith(`${owner}.`).filter((marker) => !marker.startsWith(run)),
  };
}
