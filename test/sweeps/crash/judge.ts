// Holds what people wrote against what others saw: the platform, the harness, the disk and the process table. Pure, and
// without a look at how the gateway decides.
import type { Witnessed } from "../../fakes/harness/witness.ts";
import { wordsOf, type Said } from "./people.ts";

/** A message of the bot that is there to be read, in the order of the chat. */
export interface Shown {
  readonly messageId: number;
  readonly text: string;
}

/** The gateway's own end of a message of the API. */
export interface Replied {
  readonly n: number;
  readonly state: string;
  readonly reply: string | null;
  /** Reply deliveries that were sent. */
  readonly sent: number;
}

export interface Evidence {
  readonly said: readonly Said[];
  /** Chats of the platform by id. */
  readonly chats: ReadonlyMap<string, readonly Shown[]>;
  /** Update ids below it are gone from the platform. */
  readonly confirmed: number;
  readonly replied: readonly Replied[];
  readonly witnessed: readonly Witnessed[];
}

export interface Verdict {
  /** What must never be, a line each. */
  readonly faults: readonly string[];
  readonly figures: Figures;
}

export interface Figures {
  readonly messages: number;
  readonly lost: number;
  /** Whole answers beyond the first that don't say that they are repeats. */
  readonly twice: number;
  /** Whole answers that are marked as repeats. */
  readonly flagged: number;
  readonly misplaced: number;
  readonly misordered: number;
  /** Prompts beyond the first of a message. */
  readonly reruns: number;
  readonly toolsAgain: number;
  readonly rivals: number;
  /** Live views that were left behind with a part of an answer. */
  readonly leftViews: number;
}

/** How the gateway marks a repeat: written here a second time, from the promise. */
const MARK = "↻ sent again:";

export function judge(evidence: Evidence): Verdict {
  const faults: string[] = [];
  const fault = (what: string): number => faults.push(what);
  const texts = evidence.said.filter(({ act }) => act !== "command");
  const onTelegram = texts.filter(({ via }) => via === "telegram");
  const copies = onTelegram.map((one) => ({ one, ...copiesOf(one, evidence.chats.get(one.chat) ?? []) }));
  for (const { updateId, n } of evidence.said)
    if (updateId >= evidence.confirmed) fault(`message ${n} was never confirmed`);
  const lost = [
    ...copies.filter(({ whole }) => whole.length === 0).map(({ one }) => one),
    ...texts.filter((one) => one.via === "api" && !isReplied(one, evidence.replied)),
  ];
  for (const { n, chat } of lost) fault(`lost: message ${n} of ${chat} has no answer`);
  const twice = copies.filter(({ plain }) => plain > 1);
  for (const { one, plain } of twice)
    fault(`message ${one.n} of ${one.chat} was answered ${plain} times without a mark`);
  for (const { n, sent } of evidence.replied)
    if (sent > 1) fault(`the reply to message ${n} was delivered ${sent} times`);
  const misplaced = misplacedIn(onTelegram, evidence.chats);
  for (const what of misplaced) fault(what);
  const misordered = [...misorderedAnswers(copies), ...misorderedPrompts(texts, evidence.witnessed)];
  for (const what of misordered) fault(what);
  const commands = commandFaults(evidence);
  for (const what of commands) fault(what);
  const rivals = evidence.witnessed.filter((line) => (line.rivals ?? []).length > 0);
  for (const { lane, pid, rivals: others } of rivals)
    fault(`lane ${lane}: process ${pid} was given a prompt while ${String(others)} lived`);
  const { reruns, toolsAgain } = repeatsIn(texts, evidence.witnessed);
  if (toolsAgain > 0) fault(`tools were run again ${toolsAgain} times`);
  return {
    faults,
    figures: {
      messages: evidence.said.length,
      lost: lost.length,
      twice: twice.length,
      flagged: copies.reduce((sum, { whole, plain }) => sum + whole.length - plain, 0),
      misplaced: misplaced.length,
      misordered: misordered.length,
      reruns,
      toolsAgain,
      rivals: rivals.length,
      leftViews: copies.reduce((sum, { parts }) => sum + parts, 0),
    },
  };
}

interface Copies {
  /** Where whole answers begin: the message, and the place in its text. */
  readonly whole: readonly (readonly [messageId: number, place: number])[];
  /** Whole ones without a mark. */
  readonly plain: number;
  /** Messages that have only the beginning. */
  readonly parts: number;
}

function copiesOf({ n }: Said, shown: readonly Shown[]): Copies {
  const [begin, end] = wordsOf(n);
  const with_ = shown.filter(({ text }) => has(text, begin));
  const whole = with_.filter(({ text }) => has(text, end));
  return {
    whole: whole.map(({ messageId, text }) => [messageId, text.indexOf(begin)] as const),
    plain: whole.filter(({ text }) => !text.startsWith(MARK)).length,
    parts: with_.length - whole.length,
  };
}

/** Words end with a letter, so that no word is the beginning of another one. */
const has = (text: string, word: string): boolean => text.includes(word);

/** The answers to a command don't quote it, and are all the same: they are counted. */
function commandFaults({ said, chats }: Evidence): readonly string[] {
  const asked = Map.groupBy(
    said.filter(({ act }) => act === "command"),
    ({ chat }) => chat,
  );
  return [...asked].flatMap(([chat, { length }]) => {
    const answers = (chats.get(chat) ?? []).filter(({ text }) => text.includes(COMMANDS_ANSWER));
    const plain = answers.filter(({ text }) => !text.startsWith(MARK)).length;
    if (answers.length >= length && plain <= length) return [];
    return [
      `chat ${chat}: ${length} commands were answered ${plain} times, and ${answers.length - plain} marked`,
    ];
  });
}

/** What `/whoami` says. */
const COMMANDS_ANSWER = "This chat is";

function isReplied({ n }: Said, replied: readonly Replied[]): boolean {
  const found = replied.find((one) => one.n === n);
  return found?.state === "done" && wordsOf(n).every((word) => has(found.reply ?? "", word));
}

function misplacedIn(said: readonly Said[], chats: Evidence["chats"]): readonly string[] {
  return [...chats].flatMap(([chat, shown]) =>
    said
      .filter((one) => one.chat !== chat && shown.some(({ text }) => has(text, wordsOf(one.n)[0])))
      .map((one) => `chat ${chat} was shown message ${one.n} of ${one.chat}`),
  );
}

/** In each chat the first whole answers come in the order of the questions. */
function misorderedAnswers(copies: readonly (Copies & { readonly one: Said })[]): readonly string[] {
  const last = new Map<string, readonly [readonly [number, number], number]>();
  return copies.flatMap(({ one, whole: [first] }) => {
    if (first === undefined) return [];
    const [before, n] = last.get(one.chat) ?? [[-1, -1], -1];
    last.set(one.chat, [first, one.n]);
    const inOrder = first[0] > before[0] || (first[0] === before[0] && first[1] > before[1]);
    return inOrder ? [] : [`chat ${one.chat}: message ${one.n} was answered before message ${n}`];
  });
}

/** In each lane the first prompts come in the order in which people wrote. */
function misorderedPrompts(said: readonly Said[], witnessed: readonly Witnessed[]): readonly string[] {
  const prompts = witnessed.filter(({ what }) => what === "prompt");
  const last = new Map<string, number>();
  return said.flatMap((one) => {
    const at = prompts.findIndex(({ text }) => has(text ?? "", wordsOf(one.n)[0]));
    const before = last.get(one.chat) ?? -1;
    if (at === -1) return [];
    last.set(one.chat, at);
    return at >= before ? [] : [`chat ${one.chat}: message ${one.n} was prompted before an earlier one`];
  });
}

function repeatsIn(
  said: readonly Said[],
  witnessed: readonly Witnessed[],
): Pick<Figures, "reruns" | "toolsAgain"> {
  const turnsOf = (one: Said) =>
    witnessed
      .filter(({ what, text }) => what === "prompt" && has(text ?? "", wordsOf(one.n)[0]))
      .map(({ turn }) => turn);
  let reruns = 0;
  let toolsAgain = 0;
  const counted = new Set<string>();
  for (const one of said) {
    const turns = turnsOf(one);
    reruns += Math.max(0, turns.length - 1);
    for (const turn of new Set(turns)) {
      if (counted.has(turn)) continue;
      counted.add(turn);
      const wanted = said.filter(
        ({ text, n }) =>
          /fake:(?:tool|shell)/.test(text) &&
          witnessed.some((line) => line.turn === turn && has(line.text ?? "", wordsOf(n)[0])),
      ).length;
      const used = witnessed.filter((line) => line.what === "tool" && line.turn === turn).length;
      toolsAgain += Math.max(0, used - wanted);
    }
  }
  return { reruns, toolsAgain };
}
