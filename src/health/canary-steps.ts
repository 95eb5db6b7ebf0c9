import type { EntryState } from "../core/entry.ts";
import type { StoredMessage } from "../ports/store.ts";

/** The walk of a message, step by step. */
const CANARY_STEPS = ["accepted", "claimed", "prompted", "answered", "sent"] as const;
/** A step of the walk. */
export type CanaryStep = (typeof CANARY_STEPS)[number];

/** The first step that was never made, in any of the message's attempts; null when all were. Pure. */
function stoppedAt(stored: StoredMessage | null): CanaryStep | null {
  if (stored === null) return "accepted";
  const happened = new Set(stored.history.map(({ event }) => event));
  const made: Readonly<Record<CanaryStep, boolean>> = {
    accepted: true,
    claimed: happened.has("claimed"),
    prompted: happened.has("prompted"),
    answered: stored.reply !== null,
    sent: stored.entry.state === "done",
  };
  return CANARY_STEPS.find((step) => !made[step]) ?? null;
}

/** How one flight came out, or that it goes on. */
export type CanaryVerdict =
  | { readonly kind: "flying" }
  | { readonly kind: "answered" }
  /** The agent can't serve: that has its own alert, and says nothing new about the way. */
  | { readonly kind: "held" }
  /** Somebody took it out. */
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly step: CanaryStep; readonly code: string | null };

/** Judges a flight by what the store has of it. Pure. */
export function judge(stored: StoredMessage | null, late: boolean): CanaryVerdict {
  const step = stoppedAt(stored);
  if (step === null) return { kind: "answered" };
  const state = stored?.entry.state;
  if (state === "held") return { kind: "held" };
  if (state === "cancelled") return { kind: "cancelled" };
  if (late || state === undefined || ENDED.includes(state))
    return { kind: "failed", step, code: codeOf(stored) };
  return { kind: "flying" };
}

const ENDED: readonly EntryState[] = ["dead", "quarantined", "absorbed"];

/** The last reason that the message's history gives. */
function codeOf(stored: StoredMessage | null): string | null {
  const codes = (stored?.history ?? []).map(({ data }) => data["code"]);
  const last = codes.findLast((code) => typeof code === "string");
  return typeof last === "string" ? last : null;
}
