// A harness of one gateway's life: it talks to the machine's processes while the gateway lives.
import {
  HarnessFailed,
  type Harness,
  type HarnessEvent,
  type HarnessSession,
} from "../../src/ports/harness.ts";
import type { Failure } from "../../src/core/failure.ts";
import type { Draw } from "./draw.ts";
import type { Machine, Tree } from "./machine.ts";
import type { Owner, World } from "./world.ts";

export interface SimHarnessDeps {
  readonly world: World;
  readonly owner: Owner;
  readonly machine: Machine;
  readonly draw: Draw;
}

const GONE: Failure = { class: "structural", code: "harness-missing", detail: "the program is gone" };
const STOPPED: Failure = { class: "cancelled", code: "turn-interrupted", detail: "told to stop" };

export function createSimHarness(id: string, deps: SimHarnessDeps): Harness {
  const { world, owner, machine, draw } = deps;
  const pause = (most: number): Promise<void> =>
    new Promise((resolve) => void world.after(draw.between(1, most), owner, resolve));
  return {
    id,
    kind: id,
    credential: id,
    resumes: true,
    async probe(_model, level) {
      await pause(20);
      return machine.gone.has(id) ? { ok: false, level, failure: GONE } : { ok: true, level };
    },
    async open(spec, signal) {
      await pause(60);
      if (signal.aborted) throw new HarnessFailed(STOPPED);
      if (machine.gone.has(id)) throw new HarnessFailed(GONE);
      const fault = machine.openFault();
      if (fault !== null) throw new HarnessFailed(fault);
      const resumed = spec.resume !== null && machine.knows(spec.resume);
      const tree = machine.start(id, spec.session, resumed ? spec.resume : null, spec.model);
      return session(deps, tree, spec.resume !== null && !resumed);
    },
    async transcript(native, _workspace, marker) {
      await pause(20);
      return machine.transcript(native, marker);
    },
    load: () => ({ running: 0, idle: 0, waiting: 0, max: 8 }),
    close: async () => {},
  };
}

function session({ world, owner, machine }: SimHarnessDeps, tree: Tree, fresh: boolean): HarnessSession {
  return {
    native: tree.native,
    fresh,
    custody: { pid: tree.pid, startTime: String(tree.pid), marker: `tree-${tree.pid}` },
    async *prompt(prompt, signal): AsyncIterable<HarnessEvent> {
      const queue: HarnessEvent[] = [];
      let wake = (): void => {};
      const emit = (event: HarnessEvent): void =>
        void world.after(0, owner, () => {
          queue.push(event);
          wake();
        });
      machine.prompt(tree, prompt.text, emit);
      const stopped = (): void => {
        emit({ kind: "failed", failure: STOPPED });
        machine.kill(tree.pid);
      };
      if (signal.aborted) stopped();
      else signal.addEventListener("abort", stopped, { once: true });
      for (;;) {
        const event = queue.shift();
        if (event !== undefined) yield event;
        if (event?.kind === "final" || event?.kind === "failed") return;
        if (event === undefined) await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async release() {
      machine.kill(tree.pid);
    },
  };
}
