import type { Report } from "../api/wire.ts";

/** How the gateway is doing, in words. */
export interface PhaseWords {
  readonly label: string;
  readonly more: string;
  readonly tone: "good" | "warn" | "bad" | "quiet";
}

/** The gateway's phase for a person; what was heard before the connection was lost says nothing about now. Pure. */
export function phaseWords(report: Report | null, heard: boolean): PhaseWords {
  if (!heard) {
    return {
      label: "Not connected",
      more: "What stands below is what was heard last; it may have changed since.",
      tone: "quiet",
    };
  }
  switch (report?.status) {
    case undefined:
      return { label: "Asking…", more: "The gateway hasn’t answered yet.", tone: "quiet" };
    case "ready":
      return report !== null && report.degraded.length > 0
        ? {
            label: "Ready, on fallbacks",
            more: `Not served by the usual model: ${report.degraded.join(", ")}.`,
            tone: "warn",
          }
        : { label: "Ready", more: "Every agent can be served, and every channel receives.", tone: "good" };
    case "holding":
      return {
        label: "Holding",
        more: "Messages are accepted and kept. Something below can’t be served now; it runs when that is mended.",
        tone: "warn",
      };
    case "starting":
      return { label: "Starting", more: "The gateway is proving what it was given.", tone: "quiet" };
    case "draining":
      return {
        label: "Stopping",
        more: "What runs is brought to its end; the rest is answered after the next start.",
        tone: "warn",
      };
    case "not_ready":
      return { label: "Not ready", more: "The store can’t commit, so nothing is accepted.", tone: "bad" };
    default:
      return { label: report?.status ?? "Unknown", more: "", tone: "quiet" };
  }
}
