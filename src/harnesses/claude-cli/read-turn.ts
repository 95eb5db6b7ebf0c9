import type { Failure } from "../../core/failure.ts";
import type { Instant } from "../../core/time.ts";
import type { HarnessEvent } from "../../ports/harness.ts";
import { classifyResult, classifyRetry } from "./classify.ts";
import type { Frame, ResultFrame, Tool } from "./frames.ts";

/** What a turn has shown so far. */
export interface TurnReading {
  /** Id of our prompt: the program names it in what belongs to it. */
  readonly prompt: string;
  /** The program has taken up our prompt; what came before belongs to work of its own. */
  begun: boolean;
  readonly open: Set<string>;
  /** The end of what was written, to set paragraphs apart. */
  last: string;
  newBlock: boolean;
  apiError: string | null;
  resetsAt: Instant | null;
}

export function beginReading(prompt: string): TurnReading {
  return {
    prompt,
    begun: false,
    open: new Set(),
    last: "",
    newBlock: false,
    apiError: null,
    resetsAt: null,
  };
}

/** What one frame means. `events` never hold the last event: that is made from `end`. */
export interface ReadStep {
  readonly events: readonly HarnessEvent[];
  readonly end?:
    | { readonly kind: "final"; readonly result: ResultFrame }
    | { readonly kind: "failed"; readonly failure: Failure }
    /** The program goes on with something that isn't worth waiting for: it has to be interrupted. */
    | { readonly kind: "give-up"; readonly failure: Failure };
}

/** What a compaction is called among the things that are open. */
const COMPACTION = "compaction";
const ALIVE: ReadStep = { events: [{ kind: "alive" }] };

/** Reads one frame into the words of all harnesses. Changes `reading`, touches nothing else. */
export function readFrame(reading: TurnReading, frame: Frame, now: Instant): ReadStep {
  if (frame.type === "begun" ? frame.prompt === reading.prompt : frame.about.includes(reading.prompt))
    reading.begun = true;
  // The program's own work (a background task that ended, a second result of an earlier turn) is no part of ours.
  if (!reading.begun) return ALIVE;
  switch (frame.type) {
    case "init":
      return frame.native === null ? ALIVE : { events: [{ kind: "native", native: frame.native }] };
    case "message-start":
      return frame.main ? closeAll(reading) : ALIVE;
    case "text-start":
      if (frame.main) reading.newBlock = true;
      return ALIVE;
    case "text":
      return frame.main && frame.delta !== "" ? wrote(reading, frame.delta) : ALIVE;
    case "tools":
      return frame.main ? opened(reading, frame.tools) : ALIVE;
    case "tool-results":
      return frame.main ? closed(reading, frame.tools) : ALIVE;
    case "compaction":
      return compaction(reading, frame.open);
    case "retry":
      return retried(frame, now);
    case "api-error":
      reading.apiError = frame.error;
      return ALIVE;
    case "limit":
      if (frame.rejected && frame.resetsAt !== null) reading.resetsAt = frame.resetsAt * 1000;
      return ALIVE;
    case "result":
      return ended(reading, frame, now);
    case "begun":
    case "permission":
    case "control-request":
    case "control-response":
    case "other":
      return ALIVE;
  }
}

function wrote(reading: TurnReading, delta: string): ReadStep {
  const apart = reading.newBlock && reading.last !== "" && !reading.last.endsWith("\n");
  reading.newBlock = false;
  reading.last = delta;
  return { events: [{ kind: "text", delta: apart ? `\n\n${delta}` : delta }] };
}

function opened(reading: TurnReading, tools: readonly Tool[]): ReadStep {
  const fresh = tools.filter(({ id }) => !reading.open.has(id));
  for (const { id } of fresh) reading.open.add(id);
  if (fresh.length === 0) return ALIVE;
  return { events: fresh.map(({ id, name }) => ({ kind: "opened", id, what: "tool", name })) };
}

function closed(reading: TurnReading, ids: readonly string[]): ReadStep {
  const known = ids.filter((id) => reading.open.delete(id));
  return known.length === 0 ? ALIVE : { events: known.map((id) => ({ kind: "closed", id })) };
}

/** A new message of the model means that every tool has answered. */
function closeAll(reading: TurnReading): ReadStep {
  return closed(
    reading,
    [...reading.open].filter((id) => id !== COMPACTION),
  );
}

function compaction(reading: TurnReading, open: boolean): ReadStep {
  if (!open) return closed(reading, [COMPACTION]);
  if (reading.open.has(COMPACTION)) return ALIVE;
  reading.open.add(COMPACTION);
  return { events: [{ kind: "opened", id: COMPACTION, what: "compaction", name: "compaction" }] };
}

function retried(frame: Extract<Frame, { type: "retry" }>, now: Instant): ReadStep {
  const failure = classifyRetry(frame, now);
  if (failure !== undefined) return { events: [], end: { kind: "give-up", failure } };
  const note = `try ${frame.attempt} failed: ${frame.status ?? "no status"} ${frame.error}`;
  return { events: [{ kind: "alive", note }] };
}

function ended(reading: TurnReading, frame: Extract<Frame, { type: "result" }>, now: Instant): ReadStep {
  // The first result that is ours counts; one that names other prompts is an earlier turn's.
  if (frame.about.length > 0 && !frame.about.includes(reading.prompt)) return ALIVE;
  if (!frame.isError) return { events: [], end: { kind: "final", result: frame } };
  const facts = { ...frame, error: reading.apiError, resetsAt: reading.resetsAt };
  return { events: [], end: { kind: "failed", failure: classifyResult(facts, now) } };
}
