// The machine on which harnesses run: their processes, which outlive a killed gateway, and the records that they keep
// of their sessions, which outlive them.
import type { HarnessEvent, Transcript } from "../../src/ports/harness.ts";
import type { Failure } from "../../src/core/failure.ts";
import type { Draw } from "./draw.ts";
import type { HarnessFault, Plan } from "./plan.ts";
import type { World } from "./world.ts";

/** A process tree of one harness, begun for one lane. */
export interface Tree {
  readonly pid: number;
  readonly harness: string;
  readonly lane: string;
  readonly native: string;
  readonly model: string;
  alive: boolean;
  busy: boolean;
  /** Of the prompt that it works on, or worked on last. */
  marker: string;
  cancel: () => void;
  /** Tells whoever listens that the process is gone. */
  gone: () => void;
}

interface Recorded {
  readonly marker: string;
  readonly harness: string;
  /** Its process died before it could say its answer. */
  silent: boolean;
  started: boolean;
  final: string | null;
}

/** What one prompt said, as the harness saw it. */
export interface SeenPrompt {
  readonly tree: Tree;
  readonly marker: string;
  /** Tokens of the user's own words. */
  readonly tokens: readonly number[];
  readonly interrupted: boolean;
}

export interface Machine {
  readonly trees: readonly Tree[];
  start(harness: string, lane: string, native: string | null, model: string): Tree;
  kill(pid: number): void;
  /** Runs a prompt in the tree's own time. `emit` may be called when nobody listens any more. */
  prompt(tree: Tree, text: string, emit: (event: HarnessEvent) => void): void;
  transcript(native: string, marker: string): Transcript;
  knows(native: string): boolean;
  /** Whether the harness's program is there now. */
  readonly gone: Set<string>;
  /** Why opening fails now, when it does. */
  openFault(): Failure | null;
}

export interface MachineDeps {
  readonly world: World;
  readonly plan: Plan;
  readonly draw: Draw;
  readonly now: () => number;
  readonly reached: (what: string) => void;
  readonly prompted: (seen: SeenPrompt) => void;
  /** A prompt comes again whose answer stands in the session's record. */
  readonly again: (marker: string) => void;
  /** A prompt comes whose work another harness has begun. */
  readonly switched: (marker: string) => void;
  readonly toolRan: (marker: string) => void;
  /** A harness ended at its start, before it had a prompt. */
  readonly unopened: () => void;
  readonly harmed: (marker: string, how: HarnessFault) => void;
}

export const TOKEN = /⟨(\d+)⟩/g;
const ENVELOPE = "\n---\n";

export function tokensOf(text: string): readonly number[] {
  return [...text.matchAll(TOKEN)].map(([, token]) => Number(token));
}

export function createMachine(deps: MachineDeps): Machine {
  const trees: Tree[] = [];
  const records = new Map<string, Recorded[]>();
  const faultOf = createHarnessFaults(deps.plan);
  let opens = 0;
  return {
    trees,
    gone: new Set(),
    openFault() {
      const nth = opens++;
      const fault = deps.plan.faults.find(
        (one) =>
          one.kind === "harness" && one.how === "unopenable" && nth >= one.nth && nth < one.nth + one.lasts,
      );
      if (fault === undefined) return null;
      deps.reached("harness:unopenable");
      deps.unopened();
      return { class: "failed", code: "harness-failed", detail: "it ended at its start" };
    },
    start(harness, lane, native, model) {
      const pid = trees.length + 1;
      const idle = { alive: true, busy: false, marker: "", cancel: () => {}, gone: () => {} };
      const tree: Tree = { pid, harness, lane, native: native ?? `n${pid}`, model, ...idle };
      trees.push(tree);
      return tree;
    },
    kill(pid) {
      const tree = trees[pid - 1];
      if (tree?.alive !== true) return;
      tree.alive = false;
      tree.cancel();
      if (tree.busy) tree.gone();
      tree.busy = false;
    },
    knows: (native) => records.has(native),
    transcript(native, marker) {
      const last = records.get(native)?.findLast((one) => one.marker === marker);
      if (last === undefined) return { kind: "absent" };
      if (last.final === null) return { kind: "prompted", started: last.started };
      return { kind: "answered", text: last.final, files: [], usage: null };
    },
    prompt(tree, text, emit) {
      if (!tree.alive) return emit({ kind: "failed", failure: { ...DIED } });
      const marker = text.slice(0, text.indexOf("\n"));
      const at = text.indexOf(ENVELOPE);
      const tokens = tokensOf(text.slice(at + ENVELOPE.length));
      const record: Recorded = { marker, harness: tree.harness, silent: false, started: false, final: null };
      const kept = records.get(tree.native) ?? [];
      const elsewhere = [...records.values()].flat().filter((one) => one.marker === marker && one.started);
      if (elsewhere.some(({ harness }) => harness !== tree.harness)) deps.switched(marker);
      if (kept.some((one) => one.marker === marker && one.final !== null && !one.silent)) deps.again(marker);
      records.set(tree.native, [...kept, record]);
      tree.busy = true;
      tree.marker = marker;
      tree.gone = () => emit({ kind: "failed", failure: { ...DIED } });
      deps.prompted({ tree, marker, tokens, interrupted: text.slice(0, at).includes("\ninterrupted: ") });
      const fault = faultOf();
      if (fault !== null) {
        deps.reached(`harness:${fault}`);
        deps.harmed(marker, fault);
      }
      work(deps, tree, { record, tokens, fault, emit });
    },
  };
}

const DIED: Failure = { class: "failed", code: "harness-failed", detail: "the process is gone" };

function createHarnessFaults(plan: Plan): () => HarnessFault | null {
  let prompts = 0;
  return () => {
    const nth = prompts++;
    for (const fault of plan.faults) {
      if (fault.kind !== "harness" || fault.how === "unopenable") continue;
      if (nth >= fault.nth && nth < fault.nth + fault.lasts) return fault.how;
    }
    return null;
  };
}

interface Work {
  readonly record: Recorded;
  readonly tokens: readonly number[];
  readonly fault: HarnessFault | null;
  readonly emit: (event: HarnessEvent) => void;
}

/** One prompt: it thinks, perhaps shows some text, perhaps runs a tool, and answers; or fails on the way. */
function work(deps: MachineDeps, tree: Tree, { record, tokens, fault, emit }: Work): void {
  const { draw, world } = deps;
  const answer = tokens.map((token) => `about ⟨${token}⟩`).join("\n");
  const later = (span: number, run: () => void): void => {
    tree.cancel = world.after(span, null, () => {
      if (tree.alive) run();
    });
  };
  const end = (event: HarnessEvent): void => {
    tree.busy = false;
    emit(event);
  };
  const withTool = fault === "failed-tool" || fault === "hang-tool" || draw.chance(0.3);
  const withText = fault === "failed-started" || draw.chance(0.5);
  const fail = (): void => {
    if (fault === null || fault.startsWith("hang")) return;
    if (fault === "died-with-answer") {
      record.final = answer;
      record.silent = true;
    }
    end({ kind: "failed", failure: failureOf(fault, deps) });
  };
  const speak = (): void => {
    record.started ||= withText;
    const half = answer.length >> 1;
    if (withText) emit({ kind: "text", delta: answer.slice(0, half) });
    // Long enough for a live view, where the platform has them, to be placed and edited.
    const writes = withText && deps.plan.flavour === "editing" && draw.chance(0.5);
    if (writes)
      world.after(draw.between(900, 1800), null, () => {
        if (tree.busy) emit({ kind: "text", delta: answer.slice(half) });
      });
    later(writes ? draw.between(2000, 5000) : draw.between(1, 800), () => {
      if (fault !== null) return fail();
      record.final = answer;
      // Between its record and its last words a harness can be killed.
      later(draw.between(0, 30), () => end({ kind: "final", text: answer, files: [], usage: null }));
    });
  };
  const think = (): void => {
    if (!withTool) return fault === null || withText || fault === "died-with-answer" ? speak() : fail();
    record.started = true;
    deps.toolRan(record.marker);
    emit({ kind: "opened", id: "1", what: "tool", name: "bash" });
    later(draw.between(1, 1500), () => {
      if (fault === "hang-tool") return;
      emit({ kind: "closed", id: "1" });
      speak();
    });
  };
  later(draw.between(1, 1500), () => {
    if (fault !== "hang") think();
  });
}

function failureOf(fault: HarnessFault, { now, draw }: MachineDeps): Failure {
  const detail = `simulated ${fault}`;
  switch (fault) {
    case "protocol":
      return { class: "protocol", code: "harness-protocol", detail };
    case "structural":
      return { class: "structural", code: "harness-missing", detail };
    case "refused":
      return { class: "refused", code: "turn-refused", detail };
    case "limit":
      return { class: "wait", code: "harness-limit", detail, until: now() + draw.between(1000, 60_000) };
    case "failed":
    case "failed-started":
    case "failed-tool":
    case "hang":
    case "hang-tool":
    case "died-with-answer":
    case "unopenable":
      return { class: "failed", code: "harness-failed", detail };
  }
}
