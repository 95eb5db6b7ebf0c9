import type { Entry } from "../core/entry.ts";
import type { WaitingAnswers } from "../ports/outbox.ts";

export interface AnswersDeps {
  readonly outbox: WaitingAnswers;
}

/** The word that names the answers, where messages of the chat wait for a word too. */
const ANSWERS = "answers";
const WORD = { show: "send", skip: "drop" } as const;

/**
 * `/show` and `/skip` where answers of this chat wait that couldn't be sent for long: these are meant, unless the
 * command names a message, or messages wait for a word here too.
 *
 * @param asked messages that wait for a word here
 * @param otherwise what the command does when it isn't about answers
 */
export async function decideAnswers(
  { outbox }: AnswersDeps,
  entry: Entry,
  command: { readonly name: keyof typeof WORD; readonly args: string },
  asked: () => Promise<readonly Entry[]>,
  otherwise: () => Promise<string>,
): Promise<string> {
  const { name, args } = command;
  if (args !== "" && args !== ANSWERS) return otherwise();
  const at = entry.body.answerTo ?? entry.address;
  if ((await outbox.waiting(at)) === null) return args === "" ? otherwise() : "No answers are waiting here.";
  const [message] = args === "" ? await asked() : [];
  if (message !== undefined)
    return `Which ones? /${name} ${ANSWERS} is for the answers that wait here, /${name} ${message.id} for a message of yours.`;
  const answers = await outbox.decide(at, WORD[name]);
  const what = answers === 1 ? "The answer" : `${answers} answers`;
  return name === "show" ? `${what} will be here in a moment.` : `${what} dropped.`;
}
