import type { Failure } from "../../core/failure.ts";
import type { Usage } from "../../core/turn.ts";
import type { Clock } from "../../ports/clock.ts";
import type { HarnessEvent, PermissionRule, Prompt } from "../../ports/harness.ts";
import type { Log } from "../../ports/log.ts";
import type { Random } from "../../ports/random.ts";
import type { ClaudeProcess, Word } from "./claude-process.ts";
import type { Frame, ResultFrame } from "./frames.ts";
import { CLAUDE_LIMITS } from "./limits.ts";
import { answerPermission, refuseRequest } from "./permissions.ts";
import { contentOf } from "./read-images.ts";
import { beginReading, readFrame, type TurnReading } from "./read-turn.ts";

export interface TurnDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly process: ClaudeProcess;
  readonly rule: PermissionRule;
  readonly usage: (result: ResultFrame) => Usage;
  /** The process can't have another turn. */
  readonly spoil: () => void;
  /** The turn is over, and the last event will follow. Not called for a turn that was left in the middle. */
  readonly settled: () => void;
}

type Heard = Word | { readonly kind: "stop" } | { readonly kind: "stuck" };

/** Writes one prompt and tells what happens, up to exactly one last event. */
export async function* promptTurn(
  deps: TurnDeps,
  prompt: Prompt,
  signal: AbortSignal,
): AsyncGenerator<HarnessEvent> {
  const reading = beginReading(deps.random.uuid());
  const queue = createQueue(deps.process);
  const deaf = deps.process.listen((word) => queue.push(word));
  const stop = (): void => queue.push({ kind: "stop" });
  signal.addEventListener("abort", stop, { once: true });
  const leave = (): void => {
    signal.removeEventListener("abort", stop);
    deaf();
    queue.close();
  };
  try {
    const content = await contentOf(prompt, deps.log);
    if (!signal.aborted) say(deps.process, reading.prompt, content);
    const events = signal.aborted ? [unprompted] : follow(deps, reading, queue);
    for await (const event of events) {
      // Everything is done before the last event: nobody has to ask for one more.
      if (event.kind === "final" || event.kind === "failed") {
        leave();
        deps.settled();
      }
      yield event;
    }
  } finally {
    leave();
  }
}

const unprompted: HarnessEvent = { kind: "failed", failure: cancelled("stopped before it was prompted") };

async function* follow(deps: TurnDeps, reading: TurnReading, queue: Queue): AsyncGenerator<HarnessEvent> {
  /** Why the turn is being interrupted: from then on only its end counts. */
  let leaving: Failure | undefined;
  let cancelStuck = (): void => {};
  const leave = (why: Failure): void => {
    if (leaving !== undefined) return;
    leaving = why;
    interrupt(deps);
    cancelStuck = deps.clock.timer(CLAUDE_LIMITS.interrupt, () => queue.push({ kind: "stuck" }));
  };
  try {
    for (;;) {
      const heard = await queue.next();
      if (heard.kind === "over" || heard.kind === "stuck") {
        cancelStuck();
        deps.spoil();
        if (heard.kind === "stuck") await deps.process.end(CLAUDE_LIMITS.grace);
        yield { kind: "failed", failure: leaving ?? (heard.kind === "over" ? heard.failure : cancelled("")) };
        return;
      }
      if (heard.kind === "stop") {
        leave(cancelled("stopped"));
        continue;
      }
      yield* answered(deps, heard.frame);
      const { events, end } = readFrame(reading, heard.frame, deps.clock.now());
      if (end?.kind === "give-up") leave(end.failure);
      else if (end !== undefined) {
        cancelStuck();
        yield leaving === undefined ? lastEvent(deps, end) : { kind: "failed", failure: leaving };
        return;
      }
      if (leaving === undefined) yield* events;
    }
  } finally {
    cancelStuck();
  }
}

type End = Exclude<NonNullable<ReturnType<typeof readFrame>["end"]>, { kind: "give-up" }>;

function lastEvent(deps: TurnDeps, end: End): HarnessEvent {
  if (end.kind === "failed") return end;
  return { kind: "final", text: end.result.text, files: [], usage: deps.usage(end.result) };
}

/** Requests of the program are answered at once, also while the turn is being left. */
function* answered(deps: TurnDeps, frame: Frame): Generator<HarnessEvent> {
  if (frame.type === "control-request") deps.process.write(refuseRequest(frame.request, frame.subtype));
  if (frame.type !== "permission") return;
  const { allowed, message } = answerPermission(frame, deps.rule);
  deps.process.write(message);
  yield { kind: "permission", tool: frame.tool, allowed };
}

function say(process: ClaudeProcess, uuid: string, content: unknown): void {
  process.write({
    type: "user",
    uuid,
    message: { role: "user", content },
    parent_tool_use_id: null,
    session_id: "",
  });
}

function interrupt(deps: TurnDeps): void {
  deps.process.write({
    type: "control_request",
    request_id: deps.random.uuid(),
    request: { subtype: "interrupt" },
  });
}

function cancelled(detail: string): Failure {
  return { class: "cancelled", code: "turn-interrupted", detail };
}

interface Queue {
  push(heard: Heard): void;
  next(): Promise<Heard>;
  close(): void;
}

/** Words in their order, a bounded number of them: beyond it the program has to wait until they are read. */
function createQueue(process: ClaudeProcess): Queue {
  const waiting: Heard[] = [];
  let wake: ((heard: Heard) => void) | undefined;
  let held = false;
  return {
    push(heard) {
      if (wake !== undefined) {
        const give = wake;
        wake = undefined;
        give(heard);
        return;
      }
      waiting.push(heard);
      if (held || waiting.length < CLAUDE_LIMITS.queuedFrames) return;
      held = true;
      process.hold(true);
    },
    next() {
      const heard = waiting.shift();
      if (held && waiting.length < CLAUDE_LIMITS.queuedFrames / 2) {
        held = false;
        process.hold(false);
      }
      if (heard !== undefined) return Promise.resolve(heard);
      return new Promise((resolve) => {
        wake = resolve;
      });
    },
    close() {
      for (const heard of waiting.splice(0)) if (heard.kind === "frame") process.drop(heard.frame);
    },
  };
}
