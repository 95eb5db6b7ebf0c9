import type { Failure } from "../../src/core/failure.ts";
import {
  HarnessFailed,
  type Harness,
  type HarnessEvent,
  type HarnessSession,
  type ProbeResult,
  type Prompt,
  type SessionSpec,
} from "../../src/ports/harness.ts";

/** What one prompt does: yields events; the signal is the lane's. */
export type Script = (prompt: Prompt, signal: AbortSignal, spec: SessionSpec) => AsyncIterable<HarnessEvent>;

/** A harness in this process that does what a test says, and remembers what it was asked. */
export interface ScriptHarness extends Harness {
  script: Script;
  /** What probes find; a failure makes the candidate unavailable. */
  probes: Failure | null;
  /** Thrown by the next openings. */
  opening: Failure | null;
  readonly prompts: { readonly text: string; readonly spec: SessionSpec }[];
  /** Sessions that are open now, by session key: two of one key is a broken promise. */
  readonly live: Map<string, number>;
  mostLive: number;
}

/** The user's own words of an envelope. */
export function wordsOf(text: string): string {
  return text.slice(text.lastIndexOf("\n---\n") + 5);
}

export async function* sayBack(prompt: Prompt): AsyncIterable<HarnessEvent> {
  const text = `echo: ${wordsOf(prompt.text)}`;
  yield { kind: "text", delta: text };
  yield { kind: "final", text, files: [], usage: null };
}

/** Yields one failure. */
export function failing(failure: Partial<Failure> & Pick<Failure, "class">): Script {
  return async function* () {
    yield { kind: "failed", failure: { code: "harness-failed", detail: "scripted", ...failure } };
  };
}

/** Says nothing until it is told to stop. */
export async function* hang(_prompt: Prompt, signal: AbortSignal): AsyncIterable<HarnessEvent> {
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  yield { kind: "failed", failure: { class: "cancelled", code: "turn-interrupted", detail: "told to stop" } };
}

export function createScriptHarness(id: string, credential = id): ScriptHarness {
  let sessions = 0;
  const harness: ScriptHarness = {
    id,
    kind: id,
    credential,
    resumes: true,
    script: sayBack,
    probes: null,
    opening: null,
    prompts: [],
    live: new Map(),
    mostLive: 0,
    async probe(_model, level): Promise<ProbeResult> {
      return harness.probes === null ? { ok: true, level } : { ok: false, level, failure: harness.probes };
    },
    async open(spec) {
      if (harness.opening !== null) throw new HarnessFailed(harness.opening);
      return openSession(harness, spec, spec.resume ?? `native-${++sessions}`);
    },
    load: () => ({ running: harness.live.size, idle: 0, waiting: 0, max: 8 }),
    close: async () => {},
  };
  return harness;
}

function openSession(harness: ScriptHarness, spec: SessionSpec, native: string): HarnessSession {
  const live = (harness.live.get(spec.session) ?? 0) + 1;
  harness.live.set(spec.session, live);
  harness.mostLive = Math.max(harness.mostLive, live);
  return {
    native,
    fresh: false,
    custody: null,
    prompt(prompt, signal) {
      harness.prompts.push({ text: prompt.text, spec });
      return harness.script(prompt, signal, spec);
    },
    async release() {
      const left = (harness.live.get(spec.session) ?? 1) - 1;
      if (left === 0) harness.live.delete(spec.session);
      else harness.live.set(spec.session, left);
    },
  };
}
