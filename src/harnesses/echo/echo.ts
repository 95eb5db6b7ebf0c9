import type { Failure } from "../../core/failure.ts";
import { MINUTE } from "../../core/time.ts";
import type { ErrorCode } from "../../core/errors.ts";
import type { Harness, HarnessDeps, HarnessEvent, HarnessKind, HarnessSession } from "../../ports/harness.ts";
import type { EchoOptions } from "./schema.ts";

/** The line after which the user's own words stand. */
const HEAD_END = "\n---\n";

/**
 * Answers with the user's own words, without a program, a model or a memory: for a first look, and for proving the way
 * of a message through the gateway.
 */
export const echo: HarnessKind<EchoOptions> = {
  kind: "echo",
  schema: async () => (await import("./schema.ts")).echoSchema,
  defaults: { delay: 0 },
  plan: async ({ id, options }) => ({
    id,
    kind: "echo",
    effectiveConfig: JSON.stringify(options),
    create: (deps) => createEcho(id, options, deps),
  }),
};

function createEcho(id: string, options: EchoOptions, deps: HarnessDeps): Harness {
  const busy = new Set<HarnessSession>();
  return {
    id,
    kind: "echo",
    credential: id,
    resumes: false,
    forgetful: true,
    // It proves whatever it is asked for: there is nothing behind that could fail.
    probe: async (_model, level) => ({ ok: true, level, version: "built in", paidBy: "none" }),
    async open() {
      const session: HarnessSession = {
        native: null,
        fresh: false,
        custody: null,
        prompt: (prompt, signal) => answer(ownWords(prompt.text), options, deps, signal),
        async release() {
          busy.delete(session);
        },
      };
      busy.add(session);
      return session;
    },
    load: () => ({ running: busy.size, idle: 0, waiting: 0, max: Number.MAX_SAFE_INTEGER }),
    close: async () => busy.clear(),
  };
}

/** What the user wrote: the head of the envelope ends at its first line of `---`, since its values are single lines. */
function ownWords(text: string): string {
  const at = text.startsWith("[rollcall ") ? text.indexOf(HEAD_END) : -1;
  return at < 0 ? text : text.slice(at + HEAD_END.length);
}

async function* answer(
  text: string,
  options: EchoOptions,
  deps: HarnessDeps,
  signal: AbortSignal,
): AsyncGenerator<HarnessEvent> {
  const cancelled: Failure = { class: "cancelled", code: "turn-interrupted", detail: "stopped" };
  if (options.fail !== undefined) {
    yield { kind: "failed", failure: wantedFailure(options.fail, deps.clock.now()) };
    return;
  }
  for (const delta of text.match(/\s*\S+\s*/g) ?? []) {
    if (options.delay > 0) await deps.clock.sleep(options.delay, signal);
    if (signal.aborted) {
      yield { kind: "failed", failure: cancelled };
      return;
    }
    yield { kind: "text", delta };
  }
  yield { kind: "final", text, files: [], usage: { inputTokens: 0, outputTokens: 0, usd: 0 } };
}

const CODES: Readonly<Record<NonNullable<EchoOptions["fail"]>, ErrorCode>> = {
  structural: "harness-login",
  wait: "harness-limit",
  refused: "turn-refused",
  protocol: "harness-protocol",
  failed: "harness-failed",
};

function wantedFailure(kind: NonNullable<EchoOptions["fail"]>, now: number): Failure {
  return {
    class: kind,
    code: CODES[kind],
    detail: "the configuration asks for it",
    ...(kind === "wait" && { until: now + MINUTE }),
    ...(kind === "refused" && { said: "I was told to refuse." }),
  };
}
