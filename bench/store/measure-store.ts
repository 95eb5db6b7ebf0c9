import process from "node:process";
import type { Measure } from "../stats.ts";
import { measureAccepts } from "./accepts.ts";
import { measureHistory } from "./history.ts";
import { measureRecovery } from "./recovery.ts";
import type { StoreBench } from "./sides.ts";
import { measureWhole } from "./whole.ts";

export interface StoreMeasures {
  /** Beside the bare store. */
  readonly measures: readonly Measure[];
  /** With a long history, beside an empty store. */
  readonly history: readonly Measure[];
}

/** What can be measured on its own. */
export const STORE_PARTS = ["accepts", "whole", "recovery", "history"] as const;
type StorePart = (typeof STORE_PARTS)[number];

/** What durability costs: accepts, whole messages, recovery, and all of it with a long history. */
export async function measureStore(bench: StoreBench, parts: readonly StorePart[]): Promise<StoreMeasures> {
  const measures: Measure[] = [];
  if (parts.includes("accepts")) measures.push(...(await measureAccepts(bench)));
  if (parts.includes("whole")) measures.push(...(await measureWhole(bench)));
  if (parts.includes("recovery")) measures.push(...(await measureRecovery(bench)));
  // Processor time and bytes are read from /proc.
  if (!parts.includes("history") || process.platform !== "linux") return { measures, history: [] };
  const { beside, grown } = await measureHistory(bench);
  return { measures: [...measures, ...beside], history: grown };
}
