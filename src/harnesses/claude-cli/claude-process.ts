/**
 * One running program: its pipes, its frames, its end.
 *
 * starting (`initialize` sent) → ready ⇄ in a turn → ended. What it writes outside of a turn is dropped; what it asks
 * for outside of a turn is denied.
 */
import { RollcallError, messageOf } from "../../core/errors.ts";
import type { Failure } from "../../core/failure.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Duration } from "../../core/time.ts";
import type { Custody } from "../../core/turn.ts";
import type { Clock } from "../../ports/clock.ts";
import { HarnessFailed } from "../../ports/harness.ts";
import type { Log } from "../../ports/log.ts";
import type { Child, Processes, SpawnSpec } from "../../ports/process.ts";
import type { Random } from "../../ports/random.ts";
import type { Pooled } from "../pool.ts";
import { classifyExit, isUnknownSession, protocolFailure } from "./classify.ts";
import { parseFrame, type Frame } from "./frames.ts";
import { CLAUDE_LIMITS } from "./limits.ts";
import { createLineReader, type ReadLine } from "./line-reader.ts";

/** What a turn gets from its process: frames, and the news that there will be no more of them. */
export type Word =
  | { readonly kind: "frame"; readonly frame: Frame }
  | { readonly kind: "over"; readonly failure: Failure };

export interface ClaudeProcess extends Pooled {
  readonly custody: Custody;
  /** Whether it can have another turn: it runs, and has kept to its protocol. */
  usable(): boolean;
  /** Gives what it writes to `hear` from now on, instead of dropping it. Returns the end of that. */
  listen(hear: (word: Word) => void): () => void;
  /** What a listener got and didn't use is treated as if nobody had listened. */
  drop(frame: Frame): void;
  /** Writes one line. What can't be written any more shows as the end of the process. */
  write(message: unknown): void;
  /** Makes the program wait with its output, or go on. */
  hold(wait: boolean): void;
}

export interface ProcessDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly processes: Processes;
}

/** The asked-for session is not there: a new one has to be begun. */
export class UnknownSession extends Error {
  constructor() {
    super("the harness doesn't know the session");
    this.name = "UnknownSession";
  }
}

/**
 * Starts the program and waits for its handshake.
 *
 * @throws UnknownSession, HarnessFailed; nothing is left running then
 */
export async function startClaude(
  deps: ProcessDeps,
  spec: SpawnSpec,
  signal: AbortSignal,
): Promise<ClaudeProcess> {
  const child = await spawnOrFail(deps.processes, spec);
  const process = wrap(deps, child);
  const failure = await handshake(deps, process, signal);
  if (failure === undefined) return process;
  await process.end(CLAUDE_LIMITS.grace);
  if (isUnknownSession(child.stderrTail())) throw new UnknownSession();
  throw new HarnessFailed(failure);
}

async function spawnOrFail(processes: Processes, spec: SpawnSpec): Promise<Child> {
  try {
    return await processes.spawn(spec);
  } catch (error) {
    const code = error instanceof RollcallError ? error.code : "harness-failed";
    const missing = code === "harness-missing";
    throw new HarnessFailed({
      class: missing ? "structural" : "failed",
      code,
      detail: messageOf(error),
    });
  }
}

/** Undefined when the program has answered; else why it didn't, or won't in time. */
function handshake(
  deps: ProcessDeps,
  process: ClaudeProcess,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  return new Promise((resolve) => {
    const request = deps.random.uuid();
    const settle = (failure: Failure | undefined): void => {
      cancel();
      deaf();
      signal.removeEventListener("abort", abort);
      resolve(failure);
    };
    const abort = (): void =>
      settle({ class: "cancelled", code: "turn-interrupted", detail: "stopped while it was started" });
    const cancel = deps.clock.timer(CLAUDE_LIMITS.handshake, () =>
      settle({
        class: "failed",
        code: "harness-deadline",
        detail: `no handshake within ${CLAUDE_LIMITS.handshake} ms`,
      }),
    );
    const deaf = process.listen((word) => {
      if (word.kind === "over") settle(word.failure);
      else if (word.frame.type === "control-response" && word.frame.request === request) settle(undefined);
    });
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) return abort();
    process.write({ type: "control_request", request_id: request, request: { subtype: "initialize" } });
  });
}

function wrap(deps: ProcessDeps, child: Child): ClaudeProcess {
  let hear: ((word: Word) => void) | undefined;
  let over: Failure | undefined;
  let gone = false;
  const reader = createLineReader(LIMITS.harnessLineBytes);
  const finish = (failure: Failure): void => {
    over ??= failure;
    hear?.({ kind: "over", failure: over });
  };
  const read = (lines: readonly ReadLine[]): void => {
    for (const line of lines) {
      if (over !== undefined) return;
      const frame = line.kind === "line" ? parseFrame(line.text) : undefined;
      if (frame === undefined) finish(lineFailure(line));
      else if (hear === undefined) unheard(deps.log, process, frame);
      else hear({ kind: "frame", frame });
    }
  };
  child.stdout.on("data", (chunk: Buffer) => read(reader.push(chunk)));
  const closed = new Promise<void>((resolve) => child.stdout.once("close", () => resolve()));
  const ended = (async () => {
    const how = await child.exited;
    gone = true;
    await allRead(deps.clock, closed);
    const exit = classifyExit(how, child.stderrTail());
    read(reader.rest());
    finish(exit);
    return exit.detail;
  })();
  const process: ClaudeProcess = {
    custody: child.custody,
    exited: ended,
    usable: () => over === undefined && !gone,
    listen(next) {
      hear = next;
      const failure = over;
      // Later, so that a listener never hears anything before it has the end of its listening.
      if (failure !== undefined) queueMicrotask(() => hear === next && next({ kind: "over", failure }));
      return () => {
        if (hear === next) hear = undefined;
        child.stdout.resume();
      };
    },
    drop: (frame) => unheard(deps.log, process, frame),
    write: (message) => void child.stdin.write(`${JSON.stringify(message)}\n`),
    hold: (wait) => void (wait ? child.stdout.pause() : child.stdout.resume()),
    async end(grace: Duration) {
      // A program that is made to wait could not end.
      child.stdout.resume();
      await child.end(grace);
    },
  };
  return process;
}

function lineFailure(line: ReadLine): Failure {
  return line.kind === "line"
    ? protocolFailure("a line that is no frame", line.text)
    : protocolFailure(`a line of more than ${LIMITS.harnessLineBytes} bytes`, line.sample);
}

/** All that the program wrote was read; a pipe that a grandchild holds open isn't waited for. */
async function allRead(clock: Clock, closed: Promise<void>): Promise<void> {
  const over = new AbortController();
  await Promise.race([closed, clock.sleep(CLAUDE_LIMITS.interrupt, over.signal)]);
  over.abort();
}

/** Between turns nobody listens: what the program does by itself may go on, but it is allowed nothing. */
function unheard(log: Log, process: ClaudeProcess, frame: Frame): void {
  if (frame.type === "permission" || frame.type === "control-request") {
    log.warn("harness.asked_unheard", { pid: process.custody.pid, what: frame.type });
    process.write(denial(frame.request));
  } else if (frame.type === "result") log.debug("harness.late_result", { pid: process.custody.pid });
}

function denial(request: string): unknown {
  const response = { behavior: "deny", message: "Nobody can be asked between two messages." };
  return { type: "control_response", response: { subtype: "success", request_id: request, response } };
}
