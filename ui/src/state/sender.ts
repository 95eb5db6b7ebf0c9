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
  readonly add: (item: Omit<Unsent, "refusal">) => void;
  /** Tries now what waits, e.g. when the gateway can be reached again. */
  readonly wake: () => void;
  /** Takes a message back that was refused or still waits. */
  readonly discard: (id: string) => void;
  /** The gateway has shown these messages: whatever response was lost, they are there. */
  readonly confirm: (messages: readonly Message[]) => void;
  /** Another tab changed what is kept. */
  readonly reread: () => void;
}

const WAITS = [1000, 2000, 4000, 8000, 15_000] as const;

/**
 * Sends one message after the other, in the order in which they were written, and keeps each until the gateway has
 * confirmed it. A repeat carries the same id, so it is the same message to the gateway.
 */
export function createSender(deps: SenderDeps): Sender {
  const kept = createKept(deps.box);
  const loop = createLoop(deps, kept);
  return {
    items: kept.items,
    add(given) {
      kept.add({ ...given, refusal: null });
      loop.run();
    },
    wake: loop.wake,
    discard: kept.remove,
    confirm(messages) {
      const ids = new Set(messages.map(({ clientId }) => clientId));
      for (const item of kept.items.value) if (ids.has(item.id) && !item.sending) kept.remove(item.id);
    },
    reread: kept.reread,
  };
}

/** The messages that aren't confirmed, on the screen and in the browser's storage. */
interface Kept {
  readonly items: ReadonlySignal<readonly UnsentView[]>;
  readonly add: (item: Unsent) => void;
  readonly change: (id: string, to: Partial<UnsentView>) => void;
  readonly refuse: (item: UnsentView, refusal: string) => void;
  readonly remove: (id: string) => void;
  readonly reread: () => void;
}

function createKept(box: Box): Kept {
  const items = signal<readonly UnsentView[]>(rereadItems(readUnsent(box), []));
  const change = (id: string, to: Partial<UnsentView>): void => {
    items.value = items.value.map((item) => (item.id === id ? { ...item, ...to } : item));
  };
  return {
    items,
    change,
    add(item) {
      const kept = keepUnsent(box, item);
      items.value = [...items.value, { ...item, sending: false, kept }];
    },
    refuse({ sending: _sending, kept: _kept, ...item }, refusal) {
      keepUnsent(box, { ...item, refusal });
      change(item.id, { refusal });
    },
    remove(id) {
      dropUnsent(box, id);
      items.value = items.value.filter((item) => item.id !== id);
    },
    reread() {
      items.value = rereadItems(readUnsent(box), items.value);
    },
  };
}

/** Sends what waits, the first first, until nothing waits or nothing gets through. */
function createLoop(deps: SenderDeps, kept: Kept): { readonly run: () => void; readonly wake: () => void } {
  let busy = false;
  let tries = 0;
  let cancelWait: (() => void) | null = null;

  /** True when the next one may be tried. */
  const attempt = async (item: UnsentView): Promise<boolean> => {
    kept.change(item.id, { sending: true });
    try {
      const { id, conversation, agent, text, attachments } = item;
      const message = await deps.send({ id, conversation, agent, text, attachments });
      kept.remove(item.id);
      deps.onAccepted(message);
      return true;
    } catch (error) {
      kept.change(item.id, { sending: false });
      return failed(item, error);
    }
  };
  const failed = (item: UnsentView, error: unknown): boolean => {
    if (error instanceof Problem && error.status === 401) {
      deps.onSignedOut();
      return false;
    }
    if (mayPass(error)) {
      cancelWait = deps.timers.after(WAITS[Math.min(tries, WAITS.length - 1)] ?? 0, run);
      tries += 1;
      return false;
    }
    kept.refuse(item, explain(error));
    return true;
  };
  const next = (): UnsentView | undefined => kept.items.value.find((item) => item.refusal === null);
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
    run,
    wake() {
      tries = 0;
      run();
    },
  };
}

/** What is kept now, with what this page alone knows of it; what lives only here stays. Pure. */
function rereadItems(kept: readonly Unsent[], before: readonly UnsentView[]): readonly UnsentView[] {
  const here = new Map(before.map((item) => [item.id, item]));
  const known = kept.map((item) => here.get(item.id) ?? { ...item, sending: false, kept: true });
  const others = before.filter((item) => !item.kept || item.sending);
  return [...known, ...others.filter((item) => !kept.some(({ id }) => id === item.id))];
}
