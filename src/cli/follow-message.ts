import { setTimeout as pause } from "node:timers/promises";
import { EXIT, RollcallError, type ExitCode } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import { visibleLines, visibleText } from "../core/visible-text.ts";
import type { Client, Json } from "./client.ts";
import type { ServerEvent } from "./event-parser.ts";
import { fieldObject, fieldText } from "./print.ts";
import type { Terminal } from "./terminal.ts";

/** A message that was sent, and where its answer is shown. */
export interface Following {
  readonly client: Client;
  readonly terminal: Terminal;
  /** Sends it, and returns its id. */
  readonly send: () => Promise<string>;
  /** The chat that the answer goes to instead of the terminal. */
  readonly to: string | undefined;
  readonly patience?: Patience;
}

interface Patience {
  /** How long a hold may last before it is taken as one: an agent that is just being probed is back sooner. */
  readonly hold: Duration;
  /** How long a gateway that went away may take to come back. */
  readonly comeBack: Duration;
}

const PATIENCE: Patience = { hold: 2 * SECOND, comeBack: 5 * SECOND };
const TRY_AGAIN = SECOND / 4;

/**
 * Sends a message and shows its answer as it grows, to its end. It is watched before it is sent, so that nothing is
 * missed; a watch that breaks goes on from its last event.
 *
 * @returns 0 when it is answered, 75 when it is held or the gateway stopped with it saved
 * @throws RollcallError `turn-dead`, and what sending says
 */
export async function followMessage(following: Following): Promise<ExitCode> {
  const watching = new AbortController();
  const answer = createAnswer(following);
  try {
    const first = await following.client.events(null, watching.signal);
    const id = await following.send();
    for await (const event of watch(following, id, first, watching.signal)) {
      if (event.type === "progress") answer.grow(fieldText(event.data, "text"));
      else if (event.type === "gone")
        return left(
          following,
          id,
          "the gateway stopped; the message is saved and is answered after the next start",
        );
      const exit =
        event.type === "state"
          ? await settle(following, id, answer, fieldText(event.data, "state"))
          : undefined;
      if (exit !== undefined) return exit;
    }
    return left(following, id, "the watch ended; the message is saved");
  } finally {
    watching.abort();
  }
}

type Step = { readonly type: "progress" | "state" | "gone"; readonly data: Json };

/** What happens to one message, from its first event to the loss of the gateway. */
async function* watch(
  following: Following,
  id: string,
  first: AsyncIterable<ServerEvent>,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  let events: AsyncIterable<ServerEvent> | null = first;
  let place: string | null = null;
  while (events !== null) {
    for await (const event of events) {
      place = event.id ?? place;
      const data = parse(event.data);
      if (event.type === "reset") yield { type: "state", data: {} };
      else if (data["id"] !== id) continue;
      else if (event.type === "progress") yield { type: "progress", data };
      else if (event.type === "message") yield { type: "state", data };
    }
    events = await comeBack(following, place, signal);
    // What was missed in between is known by looking.
    if (events !== null) yield { type: "state", data: {} };
  }
  yield { type: "gone", data: {} };
}

async function comeBack(
  { client, patience = PATIENCE }: Following,
  place: string | null,
  signal: AbortSignal,
): Promise<AsyncIterable<ServerEvent> | null> {
  const until = performance.now() + patience.comeBack;
  while (performance.now() < until && !signal.aborted) {
    try {
      return await client.events(place, signal);
    } catch (error) {
      if (!(error instanceof RollcallError) || !["gateway-unreachable", "draining"].includes(error.code))
        throw error;
      await pause(TRY_AGAIN);
    }
  }
  return null;
}

function parse(text: string): Json {
  const value: unknown = text === "" ? {} : JSON.parse(text);
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

/** Ends the command when the message has come to an end or to a stand. Without a state it looks itself. */
async function settle(
  following: Following,
  id: string,
  answer: Answer,
  state: string,
): Promise<ExitCode | undefined> {
  if (state === "held") await pause((following.patience ?? PATIENCE).hold);
  if (!["", "held", "done", "dead", "cancelled", "quarantined", "absorbed"].includes(state)) return undefined;
  const { message } = (await following.client.get(`/api/v1/messages/${encodeURIComponent(id)}`)) as {
    message: Json;
  };
  switch (fieldText(message, "state")) {
    case "done":
      answer.finish(fieldText(fieldObject(message, "reply"), "text"));
      return EXIT.ok;
    case "absorbed":
      return left(following, id, "the message was taken up by the turn that was running", EXIT.ok);
    case "held":
      return left(
        following,
        id,
        `held (${fieldText(fieldObject(message, "hold"), "code")}); it is saved and is answered when its agent can serve`,
      );
    case "dead":
    case "quarantined":
      answer.breakOff();
      throw new RollcallError("turn-dead", { detail: id, fix: `See "rollcall messages show ${id}".` });
    case "cancelled":
      answer.breakOff();
      throw new RollcallError("turn-dead", { detail: `${id} was cancelled`, fix: "Send it again." });
    default:
      return undefined;
  }
}

function left({ terminal }: Following, id: string, why: string, exit: ExitCode = EXIT.later): ExitCode {
  terminal.err(`rollcall: ${id}: ${visibleText(why)}. See "rollcall messages show ${id}".\n`);
  return exit;
}

interface Answer {
  /** The whole answer so far. */
  grow(text: string): void;
  finish(text: string): void;
  /** Nothing more comes: what was shown ends with its line. */
  breakOff(): void;
}

/** Shows an answer that grows. Where it was written anew it is shown anew, on a line of its own. */
function createAnswer({ terminal, to }: Following): Answer {
  let shown = "";
  const out = (text: string): void => terminal.out(terminal.tty ? visibleLines(text) : text);
  const grow = (text: string): void => {
    if (text === shown || to !== undefined) return;
    if (text.startsWith(shown)) out(text.slice(shown.length));
    else out(`${shown.endsWith("\n") ? "" : "\n"}${text}`);
    shown = text;
  };
  const endLine = (): void => {
    if (shown !== "" && !shown.endsWith("\n")) out("\n");
  };
  return {
    grow,
    finish(text) {
      if (text !== "") grow(text);
      endLine();
      if (to !== undefined) terminal.err(`rollcall: answered in ${visibleText(to)}\n`);
    },
    breakOff: endLine,
  };
}
