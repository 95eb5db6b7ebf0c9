import { signal, type ReadonlySignal } from "@preact/signals";
import type { Api } from "../api/client.ts";
import { openEventStream, type EventStream, type Timers } from "../api/event-stream.ts";
import { explain } from "../api/problem.ts";
import type { PageEvent } from "../api/wire.ts";

/** Whether somebody is signed in, and whether the gateway is heard. */
export interface Session {
  /** `checking` until the gateway has said who we are. */
  readonly who: ReadonlySignal<"checking" | "in" | "out">;
  readonly connection: ReadonlySignal<"connecting" | "open" | "lost">;
  /** Why a sign-in failed. */
  readonly problem: ReadonlySignal<string | null>;
  begin(): void;
  /** Uses a one-time code. An old one in a browser that is signed in already does no harm. */
  signIn(code: string): Promise<void>;
  signOut(): Promise<void>;
  /** The gateway no longer knows us. */
  lost(): void;
  /** The network is back, or somebody looks at the page again. */
  wake(): void;
}

export interface SessionDeps {
  readonly api: Api;
  readonly fetch: typeof fetch;
  readonly timers: Timers;
  readonly onEvent: (event: PageEvent) => void;
  /** The stream is open once more, after a gap. */
  readonly onAgain: () => void;
}

export function createSession(deps: SessionDeps): Session {
  const who = signal<"checking" | "in" | "out">("checking");
  const connection = signal<"connecting" | "open" | "lost">("connecting");
  const problem = signal<string | null>(null);
  let stream: EventStream | null = null;

  const end = (): void => {
    stream?.close();
    stream = null;
    who.value = "out";
  };
  const begin = (): void => {
    stream?.close();
    connection.value = "connecting";
    stream = openEventStream({
      fetch: deps.fetch,
      timers: deps.timers,
      onEvent: deps.onEvent,
      onOpen(again) {
        who.value = "in";
        connection.value = "open";
        if (again) deps.onAgain();
      },
      onLost: () => {
        connection.value = "lost";
      },
      onSignedOut: end,
    });
  };
  return {
    who,
    connection,
    problem,
    begin,
    async signIn(code) {
      try {
        await deps.api.signIn(code);
        problem.value = null;
      } catch (error) {
        problem.value = explain(error);
      }
      begin();
    },
    async signOut() {
      await deps.api.signOut();
      problem.value = null;
      end();
    },
    lost: end,
    wake: () => stream?.wake(),
  };
}
