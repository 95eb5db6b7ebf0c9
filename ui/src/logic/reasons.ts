import { ERRORS } from "../../../src/core/errors.ts";

const WORDS: Readonly<Record<string, string>> = {
  "harness-missing": "the agent's program is missing",
  "harness-login": "the agent's login has ended",
  "harness-model": "the model doesn't exist",
  "harness-limit": "the plan's limit is reached",
  "harness-overloaded": "the model's service is overloaded",
  "harness-protocol": "the agent's program speaks in a way that isn't understood",
  "harness-exited": "the agent's program ended without an answer",
  "harness-deadline": "the agent doesn't answer",
  "harness-failed": "the model's service failed",
  "harness-unproven": "the agent hasn't been checked yet",
  "harness-unregistered": "the agent's program isn't known to the gateway",
  "agent-unknown": "the agent was taken out of the configuration",
  "agent-unavailable": "no model of the agent can be reached",
  "turn-interrupted": "it was interrupted",
};

/** Why something waits, in words that end a sentence after a colon. Pure. */
export function reasonWords(code: string): string {
  return WORDS[code] ?? "the agent can't be reached";
}

/** What the gateway's own table says about a code; null for codes that this page is too old to know. Pure. */
export function errorRow(code: string): { readonly summary: string; readonly fix: string } | null {
  const table: Readonly<Record<string, { readonly summary: string; readonly fix: string }>> = ERRORS;
  return Object.hasOwn(table, code) ? (table[code] ?? null) : null;
}
