import { signal, type ReadonlySignal } from "@preact/signals";
import type { Outgoing } from "../api/client.ts";
import type { Timers } from "../api/event-stream.ts";
import { explain, mayPass, Problem } from "../api/problem.ts";
import type { Message } from "../api/wire.ts";
import { dropUnsent, keepUnsent, readUnsent, type Box, type Unsent } from "../logic/unsent-box.ts";

/** A message that isn't confirmed yet, as it is shown. */
export interface UnsentView extends Unsent {
  /** Whether a request is under way now. */
  readonly sending: boolean;
  /** Whether it survives a reload of the page. */
  readonly kept: boolean;
}

export interface SenderDeps {
  readonly box: Box;
  readonly timers: Timers;
  readonly send: (message: Outgoing) => Promise<Message>;
  readonly onAccepted: (message: Message) => void;
  readonly onSignedOut: () => void;
}

export interface Sender {
  readonly items: ReadonlySignal<readonly UnsentView[]>;
  add(item: Omit<Unsent, "refusal">): void;
  /** Tries now what waits, e.g. when the gateway can be reached again. */
  wake(): void;
  /** Takes a message back that was refused or still waits. */
  discard(id: string): void;
  /** The gateway has shown these messages: whatever response was lost, they are there. */
  confirm(messages: readonly Message[]): void;
  /** Another tab changed what is kept. */
  reread(): void;
}

const WAITS = [1000, 2000, 4000, 8000, 15_000] as const;

/**
 * Sends one message after the other, in the order in which they were written, and keeps each until the gateway has
 * confirmed it. A repeat carries the same id, so it is the same message to the gateway.
 */
export function createSender(deps: SenderDeps): Sender {
  const items = signal<readonly UnsentView[]>(
    readUnsent(deps.box).map((item) => ({ ...item, sending: false, kept: true })),
  );
  let busy = false;
  let tries = 0;
  let cancelWait: (() => void) | null = null;

  const change = (id: string, to: Partial<UnsentView>): void => {
    items.value = items.value.map((item) => (item.id === id ? { ...item, ...to } : item));
  };
  const remove = (id: string): void => {
    dropUnsent(deps.box, id);
    items.value = items.value.filter((item) => item.id !== id);
  };

  /** True when the next one may be tried. */
  const attempt = async (item: UnsentView): Promise<boolean> => {
    change(item.id, { sending: true });
    try {
      const { id, conversation, agent, text, attachments } = item;
      const message = await deps.send({ id, conversation, agent, text, attachments });
      remove(item.id);
      deps.onAccepted(message);
      return true;
    } catch (error) {
      change(item.id, { sending: false });
      if (error instanceof Problem && error.status === 401) {
        deps.onSignedOut();
        return false;
      }
      if (mayPass(error)) {
        wait();
        return false;
      }
      const refusal = explain(error);
      change(item.id, { refusal });
      keepUnsent(deps.box, { ...item, refusal });
      return true;
    }
  };
  const wait = (): void => {
    cancelWait = deps.timers.after(WAITS[Math.min(tries, WAITS.length - 1)] ?? 0, run);
    tries += 1;
  };
  const next = (): UnsentView | undefined => items.value.find((item) => item.refusal === null);
  const drain = async (): Promise<void> => {
    busy = true;
    try {
      for (let item = next(); item !== undefined; item = next()) {
        if (!(await attempt(item))) return;
        tries = 0;
      }
    } finally {
      busy = false;
    }
  };
  const run = (): void => {
    cancelWait?.();
    cancelWait = null;
    if (!busy) void drain();
  };

  return {
    items,
    add(given) {
      const item = { ...given, refusal: null };
      const kept = keepUnsent(deps.box, item);
      items.value = [...items.value, { ...item, sending: false, kept }];
      run();
    },
    wake() {
      tries = 0;
      run();
    },
    discard: remove,
    confirm(messages) {
      const ids = new Set(messages.map(({ clientId }) => clientId));
      for (const item of items.value) if (ids.has(item.id) && !item.sending) remove(item.id);
    },
    reread() {
      const kept = readUnsent(deps.box);
      const here = new Map(items.value.map((item) => [item.id, item]));
      const others = items.value.filter((item) => !item.kept || item.sending);
      const known = kept.map((item) => here.get(item.id) ?? { ...item, sending: false, kept: true });
      items.value = [...known, ...others.filter((item) => !kept.some(({ id }) => id === item.id))];
    },
  };
}
