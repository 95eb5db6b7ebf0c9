// A platform as the gateway's adapters meet it: updates until they are confirmed, messages that people see, and a
// network that loses requests, loses responses, and delivers late.
import type { Draw } from "./draw.ts";
import type { Fault, Flavour, Plan, SendFault } from "./plan.ts";
import type { Owner, World } from "./world.ts";

/** One thing that waits for the gateway. */
export interface Update {
  readonly id: number;
  /** The platform's identity of the message: the same for a message that comes twice. */
  readonly key: string;
  readonly chat: string;
  readonly text: string;
  readonly album: string | null;
}

/** One message as a person sees it. */
export interface Shown {
  readonly id: string;
  readonly chat: string;
  readonly key: string;
  text: string;
  removed: boolean;
}

/** How a request ended for the one who made it. */
export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "not-sent" }
  | { readonly kind: "wait"; readonly after: number; readonly scope: "chat" | "account" }
  | { readonly kind: "refused" }
  | { readonly kind: "silence" };

export interface Platform {
  readonly flavour: Flavour;
  readonly updates: readonly Update[];
  readonly shown: readonly Shown[];
  post(update: Omit<Update, "id">): void;
  poll(by: Owner, offset: number): Promise<Answer<readonly Update[]>>;
  send(by: Owner, message: Omit<Shown, "id" | "removed">, signal: AbortSignal): Promise<Answer<string>>;
  edit(by: Owner, id: string, text: string, signal: AbortSignal): Promise<Answer<null>>;
  remove(by: Owner, id: string, signal: AbortSignal): Promise<Answer<null>>;
  /** What was sent under this key, for those who look before they repeat. */
  find(key: string): Shown | undefined;
}

export interface PlatformDeps {
  readonly world: World;
  readonly plan: Plan;
  readonly draw: Draw;
  readonly reached: (what: string) => void;
  /** The platform forgets every update below. */
  readonly confirmed: (offset: number) => void;
  /** Somebody asks for a message to be shown. */
  readonly asked: (by: Owner, key: string, chat: string) => void;
  /** What became of it reached the one who asked. */
  readonly answered: (by: Owner, key: string, chat: string, answer: Answer<unknown>) => void;
  /** Bytes arrived, whatever becomes of the response. */
  readonly arrived: (what: "send" | "edit", message: { key: string; chat: string; text: string }) => void;
}

/** How long a caller waits for a response. */
const PATIENCE = 8000;
const LONG_POLL = 20_000;

export function createPlatform(deps: PlatformDeps): Platform {
  const { world, plan, draw } = deps;
  const updates: Update[] = [];
  const shown: Shown[] = [];
  const waiting = new Set<() => void>();
  const faultAt = createFaultPlan(plan, deps.reached);
  const byKey = new Map<string, Shown>();
  const show = (message: Omit<Shown, "id" | "removed">): string => {
    deps.arrived("send", message);
    const known = plan.flavour === "nonce" ? byKey.get(message.key) : undefined;
    if (known !== undefined) return known.id;
    const made = { ...message, id: `p${shown.length + 1}`, removed: false };
    shown.push(made);
    byKey.set(message.key, made);
    return made.id;
  };
  const change = (id: string, what: (message: Shown) => void): null => {
    const message = shown.find((one) => one.id === id);
    if (message !== undefined) what(message);
    return null;
  };
  return {
    flavour: plan.flavour,
    updates,
    shown,
    find: (key) => byKey.get(key),
    post(update) {
      updates.push({ ...update, id: updates.length + 1 });
      for (const wake of waiting) wake();
      waiting.clear();
    },
    poll: (by, offset) => poll({ ...deps, updates, waiting }, by, offset, faultAt("poll")),
    async send(by, message, signal) {
      const { key, chat } = message;
      deps.asked(by, key, chat);
      const answer = await request(world, draw, by, faultAt("send"), signal, () => show(message));
      deps.answered(by, key, chat, answer);
      return answer;
    },
    edit: (by, id, text, signal) =>
      request(world, draw, by, faultAt("edit"), signal, () =>
        change(id, (message) => {
          deps.arrived("edit", { ...message, text });
          message.text = text;
        }),
      ),
    remove: (by, id, signal) =>
      request(world, draw, by, null, signal, () => change(id, (message) => void (message.removed = true))),
  };
}

type Kind = "send" | "edit" | "poll";

/** The n-th request of a kind, and how many after it, meet their fault. */
function createFaultPlan(plan: Plan, reached: (what: string) => void): (kind: Kind) => SendFault | null {
  const count: Record<Kind, number> = { send: 0, edit: 0, poll: 0 };
  const strikes = (fault: Fault, kind: Kind, nth: number): SendFault | null => {
    if (fault.kind !== kind) return null;
    const lasts = "lasts" in fault ? fault.lasts : 1;
    return nth >= fault.nth && nth < fault.nth + lasts ? fault.how : null;
  };
  return (kind) => {
    const nth = count[kind]++;
    for (const fault of plan.faults) {
      const how = strikes(fault, kind, nth);
      if (how === null) continue;
      reached(`${kind}:${how}`);
      return how;
    }
    return null;
  };
}

/** One request over a bad network. What left can't be called back, whatever becomes of the one who sent it. */
function request<T>(
  world: World,
  draw: Draw,
  by: Owner,
  fault: SendFault | null,
  signal: AbortSignal,
  apply: () => T,
): Promise<Answer<T>> {
  return new Promise((resolve) => {
    const answer = (after: number, value: () => Answer<T>): void =>
      void world.after(after, by, () => resolve(value()));
    const there = draw.between(1, 40);
    const back = draw.between(1, 40);
    if (fault === "not-sent") return answer(there, () => ({ kind: "not-sent" }));
    if (fault === "refused") return answer(there + back, () => ({ kind: "refused" }));
    if (fault === "wait" || fault === "wait-account") {
      const scope = fault === "wait" ? "chat" : "account";
      return answer(there + back, () => ({ kind: "wait", after: draw.between(500, 20_000), scope }));
    }
    signal.addEventListener("abort", () => answer(0, () => ({ kind: "silence" })), { once: true });
    answer(PATIENCE, () => ({ kind: "silence" }));
    if (fault === "request-lost") return;
    const arrives = fault === "late" ? PATIENCE + draw.between(100, 20_000) : there;
    world.after(arrives, null, () => {
      const value = apply();
      if (fault !== "response-lost") answer(back, () => ({ kind: "ok", value }));
    });
  });
}

interface PollDeps extends PlatformDeps {
  readonly updates: readonly Update[];
  readonly waiting: Set<() => void>;
}

const MOST = 6;

/** A long poll: it answers when there is something, or after a while with nothing. */
function poll(
  { world, draw, updates, waiting, confirmed }: PollDeps,
  by: Owner,
  offset: number,
  fault: SendFault | null,
): Promise<Answer<readonly Update[]>> {
  return new Promise((resolve) => {
    const answer = (after: number, value: Answer<readonly Update[]>): void =>
      void world.after(after, by, () => resolve(value));
    if (fault === "not-sent") return answer(draw.between(1, 40), { kind: "not-sent" });
    const arrive = (): void => {
      confirmed(offset);
      const look = (last: boolean): boolean => {
        const found = updates.filter(({ id }) => id >= offset).slice(0, MOST);
        if (found.length === 0 && !last) return false;
        if (fault === null) answer(draw.between(1, 40), { kind: "ok", value: found });
        return true;
      };
      if (look(false)) return;
      const wake = (): void => {
        if (look(false)) cancel();
      };
      const cancel = world.after(LONG_POLL, by, () => {
        waiting.delete(wake);
        look(true);
      });
      waiting.add(wake);
    };
    world.after(draw.between(1, 40), null, arrive);
    answer(LONG_POLL + PATIENCE, { kind: "silence" });
  });
}
