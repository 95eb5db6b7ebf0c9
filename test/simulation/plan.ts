// What one seed means: which messages come, and which faults befall the run. Pure, so that a failing run can be cut down.
import { createDraw, type Draw } from "./draw.ts";

/** How the platform tells one send from another: not at all, by a key of ours, by what it shows, or by edits. */
export const FLAVOURS = ["plain", "nonce", "editing"] as const;
export type Flavour = (typeof FLAVOURS)[number];

/** One thing that a person says. */
export interface Said {
  /** Names it in texts: the witness looks for it. */
  readonly token: number;
  readonly at: number;
  readonly chat: number;
  /** By the platform's updates, or by a caller that repeats itself until it is told that it was accepted. */
  readonly by: "update" | "caller";
  readonly album: string | null;
}

export type SendFault =
  | "not-sent"
  | "request-lost"
  | "response-lost"
  | "late"
  | "wait"
  | "wait-account"
  | "refused";
export type PollFault = "not-sent" | "response-lost" | "late";
export type HarnessFault =
  | "failed"
  | "failed-started"
  | "failed-tool"
  | "protocol"
  | "structural"
  | "refused"
  | "limit"
  | "hang"
  | "hang-tool"
  | "died-with-answer"
  | "unopenable";

export type Fault =
  | { readonly kind: "kill-at-write"; readonly write: number; readonly applied: boolean }
  | { readonly kind: "kill-at-step"; readonly step: number }
  /** Once more, that many writes after the restart. */
  | {
      readonly kind: "kill-starting";
      readonly life: number;
      readonly write: number;
      readonly applied: boolean;
    }
  | { readonly kind: "stop"; readonly at: number }
  | { readonly kind: "takeover"; readonly at: number; readonly back: number }
  | { readonly kind: "suspend"; readonly at: number; readonly span: number }
  | { readonly kind: "disk-full"; readonly at: number; readonly span: number }
  | { readonly kind: "disk-error"; readonly write: number; readonly applied: boolean }
  | { readonly kind: "disk-slow"; readonly at: number; readonly span: number }
  | { readonly kind: "send"; readonly nth: number; readonly how: SendFault; readonly lasts: number }
  | { readonly kind: "edit"; readonly nth: number; readonly how: SendFault }
  | { readonly kind: "poll"; readonly nth: number; readonly how: PollFault; readonly lasts: number }
  | { readonly kind: "twice"; readonly token: number; readonly at: number }
  | { readonly kind: "harness"; readonly nth: number; readonly how: HarnessFault; readonly lasts: number }
  | { readonly kind: "program-gone"; readonly harness: number; readonly at: number; readonly span: number }
  /** A process that can't be ended for a while. */
  | { readonly kind: "stubborn"; readonly nth: number; readonly span: number }
  | { readonly kind: "reload"; readonly at: number }
  | { readonly kind: "clock"; readonly at: number; readonly span: number }
  | { readonly kind: "cancel"; readonly token: number; readonly at: number }
  | { readonly kind: "stop-command"; readonly chat: number; readonly at: number };

export interface Plan {
  readonly seed: number;
  readonly flavour: Flavour;
  readonly chats: number;
  readonly onInterrupted: "resume" | "rerun" | "ask";
  readonly midTurn: "collect" | "queue" | "interrupt";
  readonly said: readonly Said[];
  readonly faults: readonly Fault[];
}

/** Within this time people talk; what follows is the end of the faults. */
export const TALK = 20_000;
const LEAST = { messages: 20, faults: 5 } as const;

export function planOf(seed: number, flavour?: Flavour): Plan {
  const draw = createDraw(seed);
  const chats = 2 + draw.int(4);
  const said = saidBy(draw.fork("said"), LEAST.messages + draw.int(5), chats);
  const drawFaults = draw.fork("faults");
  const count = LEAST.faults + drawFaults.int(5);
  // Drawn in any case, so that the rest of the plan is the same on every platform.
  const drawn = draw.pick(FLAVOURS);
  return {
    seed,
    flavour: flavour ?? drawn,
    chats,
    onInterrupted: draw.pick(["resume", "resume", "rerun", "ask"]),
    midTurn: draw.pick(["collect", "queue", "collect", "interrupt"]),
    said,
    faults: Array.from({ length: count }, () => faultOf(drawFaults, said)),
  };
}

function saidBy(draw: Draw, count: number, chats: number): Said[] {
  let at = 0;
  let album = 0;
  return Array.from({ length: count }, (_, token) => {
    at += draw.chance(0.3) ? draw.int(20) : draw.int(Math.floor((2 * TALK) / count));
    album = draw.chance(0.1) ? album + 1 : album;
    return {
      token,
      at,
      chat: draw.int(chats),
      by: draw.chance(0.2) ? "caller" : "update",
      album: draw.chance(0.1) ? `album-${album}` : null,
    };
  });
}

/** Roughly how many writes and steps a run makes: faults that strike by number are spread over them. */
const SPREAD = { writes: 160, steps: 700, sends: 30, edits: 8, polls: 40, prompts: 25 } as const;

function faultOf(draw: Draw, said: readonly Said[]): Fault {
  const at = draw.between(0, TALK);
  const token = draw.int(said.length);
  const make: readonly [() => Fault, ...(() => Fault)[]] = [
    () => ({ kind: "kill-at-write", write: draw.int(SPREAD.writes), applied: draw.chance(0.6) }),
    () => ({ kind: "kill-at-write", write: draw.int(SPREAD.writes), applied: draw.chance(0.6) }),
    () => ({ kind: "kill-at-step", step: draw.int(SPREAD.steps) }),
    () => ({ kind: "kill-at-step", step: draw.int(SPREAD.steps) }),
    () => ({ kind: "kill-starting", life: 1 + draw.int(3), write: draw.int(25), applied: draw.chance(0.6) }),
    () => ({ kind: "stop", at }),
    () => ({ kind: "takeover", at, back: draw.between(0, 15_000) }),
    () => ({ kind: "suspend", at, span: draw.between(1000, 90_000) }),
    () => ({ kind: "disk-full", at, span: draw.between(100, 20_000) }),
    () => ({ kind: "disk-error", write: draw.int(SPREAD.writes), applied: draw.chance(0.5) }),
    () => ({ kind: "disk-slow", at, span: draw.between(100, 10_000) }),
    () => ({ kind: "send", nth: draw.int(SPREAD.sends), how: sendFault(draw), lasts: 1 + draw.int(3) }),
    () => ({ kind: "send", nth: draw.int(SPREAD.sends), how: sendFault(draw), lasts: 1 + draw.int(3) }),
    () => ({ kind: "send", nth: draw.int(SPREAD.sends), how: sendFault(draw), lasts: 1 }),
    () => ({
      kind: "edit",
      nth: draw.int(SPREAD.edits),
      how: draw.pick(["late", "response-lost", "request-lost"]),
    }),
    () => ({ kind: "poll", nth: draw.int(SPREAD.polls), how: pollFault(draw), lasts: 1 + draw.int(4) }),
    () => ({ kind: "twice", token, at: draw.between(0, 2 * TALK) }),
    () => ({
      kind: "harness",
      nth: draw.int(SPREAD.prompts),
      how: harnessFault(draw),
      lasts: 1 + draw.int(2),
    }),
    () => ({
      kind: "harness",
      nth: draw.int(SPREAD.prompts),
      how: harnessFault(draw),
      lasts: 1 + draw.int(4),
    }),
    () => ({ kind: "program-gone", harness: draw.int(2), at, span: draw.between(500, 40_000) }),
    () => ({ kind: "stubborn", nth: draw.int(8), span: draw.between(100, 60_000) }),
    () => ({ kind: "reload", at }),
    () => ({ kind: "clock", at, span: draw.pick([-1, 1]) * draw.pick([1000, 60_000, 86_400_000]) }),
    () => ({ kind: "cancel", token, at }),
    () => ({ kind: "stop-command", chat: draw.int(5), at }),
  ];
  return draw.pick(make)();
}

const sendFault = (draw: Draw): SendFault =>
  draw.pick([
    "not-sent",
    "request-lost",
    "response-lost",
    "response-lost",
    "late",
    "wait",
    "wait-account",
    "refused",
  ]);
const pollFault = (draw: Draw): PollFault => draw.pick(["not-sent", "response-lost", "late"]);
const harnessFault = (draw: Draw): HarnessFault =>
  draw.pick([
    "failed",
    "failed-started",
    "failed-tool",
    "protocol",
    "structural",
    "refused",
    "limit",
    "hang",
    "hang-tool",
    "died-with-answer",
    "died-with-answer",
    "unopenable",
  ]);
