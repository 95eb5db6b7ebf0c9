import { formatAddress } from "../core/address.ts";
import type { Entry } from "../core/entry.ts";
import type { MessageId } from "../core/ids.ts";
import { formatDuration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Actor, Operate } from "../ports/operate.ts";
import type { ReadStore } from "../ports/store.ts";
import { decideAnswers, type AnswersDeps } from "./waiting-answers.ts";

export interface HeldDeps extends AnswersDeps {
  readonly store: ReadStore;
  readonly operate: Operate;
  readonly clock: Clock;
}

/** Whoever writes a command, as histories name them. */
export function chatActor({ sender, address, session }: Entry): Actor {
  return { name: `${sender.name} in ${formatAddress(address)}`, session };
}

/** What a message that waits for a word is held for. */
const ASKED: readonly string[] = ["hold-stale", "turn-interrupted"];
/** Held messages of one chat that a command looks through. */
const LOOK = 1000;
const SHOWN_UNITS = 3000;

/** `/run ID`, `/run all`: runs what was asked about. */
export function runHeld(deps: HeldDeps, entry: Entry, args: string): Promise<string> {
  return forEach(deps, entry, args, "run", async (one) => {
    await deps.operate.release(one.id, chatActor(entry));
    return "It runs now.";
  });
}

/** `/skip ID`, `/skip all`: drops what was asked about. `/skip`, `/skip answers`: drops answers that wait here. */
export function skipHeld(deps: HeldDeps, entry: Entry, args: string): Promise<string> {
  const skip = (): Promise<string> =>
    forEach(deps, entry, args, "skip", async (one) => {
      await deps.operate.cancel(one.id, chatActor(entry));
      return "Dropped.";
    });
  return decideAnswers(deps, entry, { name: "skip", args }, () => askedHere(deps, entry), skip);
}

/** `/show ID`: the message as it was written. `/show`, `/show answers`: sends answers that wait here. */
export function showHeld(deps: HeldDeps, entry: Entry, args: string): Promise<string> {
  const show = (): Promise<string> => showMessage(deps, entry, args);
  return decideAnswers(deps, entry, { name: "show", args }, () => askedHere(deps, entry), show);
}

async function showMessage(deps: HeldDeps, entry: Entry, args: string): Promise<string> {
  const [one] = args === "" ? await askedHere(deps, entry) : await named(deps, entry, args);
  if (one === undefined) return NONE;
  const { text, attachments } = one.body;
  const shown = text.length > SHOWN_UNITS ? `${text.slice(0, SHOWN_UNITS).toWellFormed()}…` : text;
  const files = attachments.length === 0 ? "" : `\n(with ${attachments.map(({ name }) => name).join(", ")})`;
  const age = formatDuration(Math.max(0, deps.clock.now() - one.acceptedAt));
  return `${one.sender.name}, ${age} ago:\n${quoted(shown)}${files}`;
}

const NONE = "There is no message like this in this chat.";

async function forEach(
  deps: HeldDeps,
  entry: Entry,
  args: string,
  command: "run" | "skip",
  act: (one: Entry) => Promise<string>,
): Promise<string> {
  const here = args === "" || args === "all" ? await askedHere(deps, entry) : await named(deps, entry, args);
  const [first, ...rest] = here;
  if (first === undefined)
    return args === "" || args === "all" ? "No message waits for your word here." : NONE;
  if (args === "" && rest.length > 0)
    return `Which one? ${here.map(({ id }) => `/${command} ${id}`).join("  ")}  or  /${command} all`;
  if (first.state !== "held" || !ASKED.includes(first.hold?.code ?? ""))
    return first.state === "held" && command === "run"
      ? "It runs by itself as soon as the agent is back."
      : `This message is ${first.state}; nobody was asked about it.`;
  const said = await act(first);
  for (const one of args === "all" ? rest : []) await act(one);
  return rest.length === 0 ? said : `${said} (${here.length} messages)`;
}

/** What was asked about in this chat, oldest first. */
async function askedHere({ store }: HeldDeps, { session }: Entry): Promise<readonly Entry[]> {
  const held = await store.messages({ states: ["held"], session, limit: LOOK });
  return held
    .map(({ entry }) => entry)
    .filter(({ hold }) => ASKED.includes(hold?.code ?? ""))
    .toReversed();
}

/** A paired person's commands reach their own chat alone. */
async function named({ store }: HeldDeps, entry: Entry, id: string): Promise<readonly Entry[]> {
  const found = (await store.message(id as MessageId))?.entry;
  if (found === undefined || (entry.role === "paired" && found.session !== entry.session)) return [];
  return [found];
}

function quoted(text: string): string {
  return text
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}
