import { RollcallError } from "../core/errors.ts";
import type { Instant } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { ChannelStore } from "../ports/store.ts";
import { hashSecret } from "./hash-secret.ts";
import { HTTP_LIMITS } from "./limits.ts";

/** The page's way in: a one-time code from a link becomes a session. Of both only hashes are kept. */
export interface SignIn {
  readonly cookieName: string;
  /** A new code, good once. The oldest one goes when there are too many. */
  code(): { readonly code: string; readonly expiresAt: Instant };
  /**
   * Trades a code for a session, which is durable when this resolves.
   *
   * @param client whose tries are counted
   * @throws RollcallError `link-expired`, `rate-limited`
   */
  exchange(code: string, client: string): Promise<string>;
  known(session: string): boolean;
  end(session: string): Promise<void>;
}

interface Session {
  readonly hash: string;
  readonly at: Instant;
}

interface SignInDeps {
  readonly store: Pick<ChannelStore, "note" | "setNote">;
  readonly clock: Clock;
  readonly random: Random;
  readonly instance: string;
  readonly guard?: (secret: string) => void;
}

const NOTE = "http.sessions";

/** @throws RollcallError from the store */
export async function createSignIn(deps: SignInDeps): Promise<SignIn> {
  const codes = new Map<string, Instant>();
  const failed = createTries(deps.clock);
  let sessions = readSessions(await deps.store.note(NOTE));
  let saved: Promise<void> = Promise.resolve();

  const fresh = (session: Session): boolean => {
    const age = deps.clock.now() - session.at;
    return age < HTTP_LIMITS.sessionAge;
  };
  /** One write after another, so that the last one on the disk is the newest. */
  const save = (next: readonly Session[]): Promise<void> => {
    sessions = next;
    const write = async (): Promise<void> => deps.store.setNote(NOTE, JSON.stringify(sessions));
    saved = saved.then(write, write);
    return saved;
  };

  return {
    cookieName: `rollcall_${deps.instance.replace(/[^\w-]/g, "_")}`,
    code() {
      const code = deps.random.secret(24);
      deps.guard?.(code);
      const expiresAt = deps.clock.now() + HTTP_LIMITS.linkAge;
      codes.set(hashSecret(code), deps.clock.monotonic() + HTTP_LIMITS.linkAge);
      while (codes.size > HTTP_LIMITS.linksOpen) codes.delete(codes.keys().next().value ?? "");
      return { code, expiresAt };
    },
    async exchange(code, client) {
      const hash = hashSecret(code);
      const until = codes.get(hash);
      codes.delete(hash);
      if (until === undefined || until < deps.clock.monotonic()) {
        throw new RollcallError(failed(client) ? "rate-limited" : "link-expired");
      }
      const session = deps.random.secret(32);
      deps.guard?.(session);
      const kept = sessions.filter(fresh).slice(-(HTTP_LIMITS.sessions - 1));
      await save([...kept, { hash: hashSecret(session), at: deps.clock.now() }]);
      return session;
    },
    known(session) {
      const hash = hashSecret(session);
      return sessions.some((known) => known.hash === hash && fresh(known));
    },
    async end(session) {
      const hash = hashSecret(session);
      await save(sessions.filter((known) => known.hash !== hash));
    },
  };
}

/**
 * Counts failed tries per client in a window; true when there were too many. A right code is taken all the same: at 192
 * bits nobody guesses one, so a lock would only shut out the person that holds the link.
 */
function createTries(clock: Clock): (client: string) => boolean {
  let windowEnds = 0;
  const failures = new Map<string, number>();
  return (client) => {
    if (clock.monotonic() >= windowEnds || failures.size >= HTTP_LIMITS.signInClients) {
      windowEnds = clock.monotonic() + HTTP_LIMITS.signInWindow;
      failures.clear();
    }
    const count = (failures.get(client) ?? 0) + 1;
    failures.set(client, count);
    return count > HTTP_LIMITS.signInTries;
  };
}

/** What an earlier start kept. What can't be read is as if nobody had signed in. */
function readSessions(note: string | null): readonly Session[] {
  if (note === null) return [];
  try {
    const rows: unknown = JSON.parse(note);
    return Array.isArray(rows) ? rows.filter(isSession) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function isSession(row: unknown): row is Session {
  return (
    typeof row === "object" &&
    row !== null &&
    "hash" in row &&
    typeof row.hash === "string" &&
    "at" in row &&
    typeof row.at === "number"
  );
}
