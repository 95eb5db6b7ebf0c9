import { ENTRY_STEP_TABLE } from "../core/steps.ts";
import { toIso } from "../core/time.ts";
import type { StoredMessage } from "../ports/store.ts";

type Json = Readonly<Record<string, unknown>>;

/** What a line of a turn doesn't repeat: known from the lines before it. */
interface Run {
  readonly turn?: unknown;
  readonly attempt?: unknown;
  readonly generation?: unknown;
  readonly harness?: unknown;
  readonly model?: unknown;
}

const RUN_KEYS = ["turn", "attempt", "generation", "harness", "model"] as const;

/**
 * A message's history as the API shows it: every step in the order in which it happened, with all that is known of it.
 * Lines of a running turn say which attempt, generation, harness and model they are of. Pure.
 */
export function historyJson({
  history,
  deliveries,
}: Pick<StoredMessage, "history" | "deliveries">): readonly Json[] {
  const parts = new Map(deliveries.map(({ key, part }) => [key, part]));
  let run: Run = {};
  return history.map(({ at, event, epoch, data }) => {
    const key = data["delivery"];
    const part = typeof key === "string" ? parts.get(key) : undefined;
    const own = { ...(part !== undefined && { part }), ...data };
    const line = { at: toIso(at), event, epoch };
    if (key !== undefined || !("turn" in data || "turn" in run)) return { ...own, ...line };
    run = after(run, event, data);
    const known = { ...run, ...own, ...line };
    if (ENDS.has(event)) run = {};
    return known;
  });
}

/** A turn's next candidate is known when it is prompted. */
function after(run: Run, event: string, data: StoredMessage["history"][number]["data"]): Run {
  const said = Object.fromEntries(RUN_KEYS.filter((key) => key in data).map((key) => [key, data[key]]));
  const kept = event === "claimed" ? {} : run;
  const { harness: _, model: __, ...rest } = { ...kept, ...said };
  return event === "attempt" ? rest : { ...kept, ...said };
}

/** Lines with which a message leaves its turn. What is sent of an answer belongs to the delivery. */
const ENDS: ReadonlySet<string> = new Set(
  ENTRY_STEP_TABLE.filter(({ from }) => from === "running").map(({ event }) => event),
);
