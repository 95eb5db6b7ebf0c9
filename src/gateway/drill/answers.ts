import { REPEAT_MARK } from "../../channels/telegram/outgoing.ts";
import type { Look } from "./finding.ts";
import type { DrillPlatform, Shown } from "./platform.ts";
import type { Person } from "./people.ts";

/** A message of a drill: a mark that nothing else has. */
export interface Said {
  readonly person: Person;
  readonly mark: string;
}

/** Whether each message is answered in its own chat, and none twice unless the repeat says so. Pure. */
export function answeredOnce(said: readonly Said[], platform: Pick<DrillPlatform, "shown">): Look {
  const missing: string[] = [];
  const twice: string[] = [];
  let flagged = 0;
  for (const { person, mark } of said) {
    const copies = platform.shown(person).filter((one) => isAnswerTo(one, mark));
    const open = copies.filter(({ text }) => !text.startsWith(REPEAT_MARK));
    flagged += copies.length - open.length;
    if (copies.length === 0) missing.push(mark);
    if (open.length > 1) twice.push(mark);
  }
  const counts = [
    `${said.length - missing.length} of ${said.length} answered`,
    `${twice.length} twice`,
    ...(flagged > 0 ? [`${flagged} repeated and flagged`] : []),
  ];
  return { kept: missing.length + twice.length === 0, seen: counts.join(", ") };
}

/** Whether the answers of each chat came in the order of its messages. Pure. */
export function answeredInOrder(said: readonly Said[], platform: Pick<DrillPlatform, "shown">): Look {
  const people = new Set(said.map(({ person }) => person));
  const wrong = [...people].filter((person) => {
    const places = said
      .filter((one) => one.person === person)
      .map(({ mark }) => placeOf(platform.shown(person), mark));
    return places.some((place, index) => index > 0 && place < (places[index - 1] ?? 0));
  });
  return {
    kept: wrong.length === 0,
    seen: wrong.length === 0 ? `${people.size} chats in order` : `${wrong.length} chats out of order`,
  };
}

/** The place of an answer among what a chat shows: later messages, and later words in one. */
function placeOf(shown: readonly Shown[], mark: string): number {
  const index = shown.findIndex((one) => isAnswerTo(one, mark));
  return index * 1_000_000 + `${shown[index]?.text ?? ""} `.indexOf(`${mark} `);
}

function isAnswerTo({ text }: Shown, mark: string): boolean {
  return text.includes("Answer to ") && `${text} `.includes(`${mark} `);
}
