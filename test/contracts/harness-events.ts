import assert from "node:assert/strict";
import type { Failure } from "../../src/core/failure.ts";
import type { HarnessEvent, HarnessSession, Prompt } from "../../src/ports/harness.ts";

/** A whole turn as a reader saw it. */
export interface SeenTurn {
  readonly events: readonly HarnessEvent[];
  /** All deltas together. */
  readonly shown: string;
  readonly final: Extract<HarnessEvent, { kind: "final" }> | undefined;
  readonly failure: Failure | undefined;
}

/**
 * Prompts and reads to the last event, and asks for no more than it, as a lane does.
 *
 * @param saw called with each event; what it returns is waited for
 */
export async function promptAndRead(
  session: HarnessSession,
  prompt: string | Prompt,
  signal: AbortSignal = new AbortController().signal,
  saw: (event: HarnessEvent) => unknown = () => undefined,
): Promise<SeenTurn> {
  const events: HarnessEvent[] = [];
  const asked = typeof prompt === "string" ? { text: prompt, images: [] } : prompt;
  const reader = session.prompt(asked, signal)[Symbol.asyncIterator]();
  for (;;) {
    const next = await reader.next();
    assert.ok(next.done !== true, "a turn ends with a last event");
    const event = next.value;
    events.push(event);
    await saw(event);
    if (event.kind === "final" || event.kind === "failed") return turnOf(events, event);
  }
}

function turnOf(
  events: readonly HarnessEvent[],
  last: Extract<HarnessEvent, { kind: "final" | "failed" }>,
): SeenTurn {
  return {
    events,
    shown: events.map((event) => (event.kind === "text" ? event.delta : "")).join(""),
    final: last.kind === "final" ? last : undefined,
    failure: last.kind === "failed" ? last.failure : undefined,
  };
}
