import { DELIVERY_STEPS, type DeliveryState } from "../../src/core/delivery.ts";
import { ENTRY_STEPS, type EntryState } from "../../src/core/entry.ts";
import { TURN_STEPS } from "../../src/core/turn.ts";

/** What a step may end in: done, somebody else was faster, or it is a bug of the caller. */
export type Verdict = "done" | "lost" | "bug";

export interface ModelEntry {
  state: EntryState;
  attempt: number;
  turn: string | null;
}

export interface ModelTurn {
  state: "claimed" | "prompted" | "answered" | "ended";
  attempt: number;
  failures: number;
  entries: readonly string[];
}

export interface ModelDelivery {
  state: DeliveryState;
  attempts: number;
  readonly turn: string;
}

export interface Fence {
  readonly id: string;
  readonly attempt: number;
}

export interface Move {
  readonly id: string;
  readonly from: EntryState;
  readonly attempt: number;
  readonly to: EntryState;
}

/** The rules of the store as plain values: what must be true after any series of steps. */
export class Model {
  readonly entries = new Map<string, ModelEntry>();
  readonly turns = new Map<string, ModelTurn>();
  readonly deliveries = new Map<string, ModelDelivery>();

  accept(id: string): "accepted" | "duplicate" {
    if (this.entries.has(id)) return "duplicate";
    this.entries.set(id, { state: "queued", attempt: 0, turn: null });
    return "accepted";
  }

  claim(id: string, from: EntryState, attempt: number, fresh: string): Verdict {
    if (!ENTRY_STEPS[from].includes("running")) return "bug";
    const entry = this.entries.get(id);
    if (entry?.state !== from || entry.attempt !== attempt) return "lost";
    const turn = entry.turn ?? fresh;
    const known = this.turns.get(turn);
    this.turns.set(turn, {
      state: "claimed",
      attempt: (known?.attempt ?? 0) + 1,
      failures: known?.failures ?? 0,
      entries: [id],
    });
    Object.assign(entry, { state: "running", attempt: attempt + 1, turn });
    return "done";
  }

  prompted(fence: Fence): Verdict {
    const turn = this.running(fence);
    if (turn === undefined) return "lost";
    if (!TURN_STEPS[turn.state].includes("prompted")) return "bug";
    turn.state = "prompted";
    return "done";
  }

  nextAttempt(fence: Fence): Verdict {
    const turn = this.running(fence);
    if (turn === undefined) return "lost";
    Object.assign(turn, { state: "claimed", attempt: turn.attempt + 1 });
    return "done";
  }

  answer(fence: Fence, parts: number): Verdict {
    const turn = this.running(fence);
    if (turn === undefined) return "lost";
    turn.state = "answered";
    for (let part = 0; part < parts; part++) {
      this.deliveries.set(`reply:${fence.id}:${part}`, { state: "ready", attempts: 0, turn: fence.id });
    }
    for (const entry of this.of(fence.id)) entry.state = parts === 0 ? "done" : "answered";
    return "done";
  }

  endTurn(fence: Fence, to: EntryState, usesAttempt: boolean): Verdict {
    if (!ENTRY_STEPS.running.includes(to)) return "bug";
    const turn = this.running(fence);
    if (turn === undefined) return "lost";
    for (const entry of this.of(fence.id)) this.step(entry, to);
    Object.assign(turn, { state: "ended", failures: turn.failures + (usesAttempt ? 1 : 0) });
    return "done";
  }

  move({ id, from, attempt, to }: Move): Verdict {
    if (!ENTRY_STEPS[from].includes(to)) return "bug";
    const entry = this.entries.get(id);
    if (entry?.state !== from || entry.attempt !== attempt) return "lost";
    const turn = entry.turn === null ? undefined : this.turns.get(entry.turn);
    this.step(entry, to);
    if (from === "running" && turn !== undefined) turn.state = "ended";
    // There is nothing to send here, and so nothing that would end it later.
    if (to === "answered") entry.state = "done";
    return "done";
  }

  sending(key: string, from: DeliveryState, attempts: number): Verdict {
    if (!DELIVERY_STEPS[from].includes("sending")) return "bug";
    const delivery = this.deliveries.get(key);
    if (delivery?.state !== from || delivery.attempts !== attempts) return "lost";
    Object.assign(delivery, { state: "sending", attempts: attempts + 1 });
    return "done";
  }

  settle(key: string, attempts: number, to: DeliveryState): Verdict {
    const delivery = this.deliveries.get(key);
    if (delivery?.attempts !== attempts) return "lost";
    if (!DELIVERY_STEPS[delivery.state].includes(to)) return delivery.state === "ready" ? "bug" : "lost";
    delivery.state = to;
    const all = [...this.deliveries.values()].filter(({ turn }) => turn === delivery.turn);
    const open = all.filter(({ state }) => state !== "sent" && state !== "dead");
    const end = all.some(({ state }) => state === "dead") ? "dead" : "done";
    if (open.length === 0 && (to === "sent" || to === "dead")) {
      for (const entry of this.entries.values()) {
        if (entry.turn === delivery.turn && entry.state === "answered") entry.state = end;
      }
    }
    return "done";
  }

  private step(entry: ModelEntry, to: EntryState): void {
    const answered = entry.turn !== null && this.turns.get(entry.turn)?.state === "answered";
    entry.state = to;
    if (to === "queued" && answered) entry.turn = null;
  }

  private of(turn: string): ModelEntry[] {
    return [...this.entries.values()].filter((entry) => entry.turn === turn && entry.state === "running");
  }

  private running({ id, attempt }: Fence): ModelTurn | undefined {
    const turn = this.turns.get(id);
    if (turn === undefined || turn.attempt !== attempt) return undefined;
    return turn.state === "claimed" || turn.state === "prompted" ? turn : undefined;
  }
}
